/** Waits for an effect after a response, such as a row of the visit log, for two seconds at most. */
export async function eventually<T>(look: () => Promise<T>, isThere: (found: T) => boolean): Promise<T> {
  const deadline = performance.now() + 2000
  for (;;) {
    const found = await look()
    if (isThere(found)) return found
    if (performance.now() > deadline) return found
    await new Promise((resolve) => setTimeout(resolve, 10))
  }
}
