/** A count for people: `12,000`. */
export function grouped(count: number): string {
  return count.toLocaleString('en')
}
