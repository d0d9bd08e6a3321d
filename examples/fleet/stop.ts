/** The process exits after this time even if the database hangs. */
const WITHIN_MS = 10_000

/** Shuts the process down gracefully on a signal, or when the fleet that started it has ended. */
export function onStop(end: () => Promise<void>): void {
  let isStopping = false
  const stop = (): void => {
    if (isStopping) return
    isStopping = true
    setTimeout(() => process.exit(1), WITHIN_MS).unref()
    end().then(
      () => process.exit(0),
      (error: unknown) => {
        console.error(error)
        process.exit(1)
      },
    )
  }
  process.on('SIGTERM', stop)
  process.on('SIGINT', stop)
  process.on('disconnect', stop)
}
