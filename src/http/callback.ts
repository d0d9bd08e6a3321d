/** Waits for what answers by a callback whose first argument says what went wrong. */
export function settled(start: (done: (error?: unknown) => void) => unknown): Promise<void> {
  return new Promise((resolve, reject) => {
    start((error) => {
      if (error === undefined || error === null) resolve()
      else reject(error instanceof Error ? error : new Error('The session store failed', { cause: error }))
    })
  })
}
