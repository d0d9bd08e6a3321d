/** An instant to the minute, in UTC: 2026-11-24 18:05. */
export function minute(instant: Date): string {
  return instant.toISOString().slice(0, 16).replace('T', ' ')
}

/** An instant to the second, in UTC. */
export function second(instant: Date): string {
  return instant.toISOString().slice(0, 19).replace('T', ' ')
}
