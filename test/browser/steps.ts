/** How the walk has gone so far. */
export const tally = { passed: 0, failed: 0 }

/** Later steps build on earlier ones: the first that fails ends the walk. */
export async function step(name: string, walk: () => Promise<void>): Promise<void> {
  try {
    await walk()
    tally.passed += 1
    console.log(`ok   ${name}`)
  } catch (error) {
    tally.failed += 1
    console.log(`FAIL ${name}`)
    throw error
  }
}
