const SIGNALS = ['SIGINT', 'SIGTERM'] as const

/** Runs `work` with a signal that is aborted by the first SIGINT or SIGTERM; a second one ends the process as ever. */
export async function untilInterrupted<T>(work: (signal: AbortSignal) => Promise<T>): Promise<T> {
  const controller = new AbortController()
  const abort = (): void => {
    stopListening()
    controller.abort()
  }
  const stopListening = (): void => {
    for (const signal of SIGNALS) process.off(signal, abort)
  }
  for (const signal of SIGNALS) process.on(signal, abort)
  return await work(controller.signal).finally(stopListening)
}
