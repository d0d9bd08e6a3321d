/** A database that hangs must not keep the process. */
const WITHIN_MS = 10_000

/** Ends the process in good order when it is asked to, or when the fleet that started it is gone. */
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
