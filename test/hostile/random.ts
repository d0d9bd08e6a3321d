/** Numbers that a seed decides, so that a case can be repeated (the generator is mulberry32). */
export class Random {
  private state: number

  /** @param stream the same seed has another sequence for each */
  constructor(seed: number, stream: number) {
    this.state = Math.imul(seed ^ 0x9e3779b9, 0x85ebca6b) ^ Math.imul(stream + 1, 0xc2b2ae35)
  }

  /** From 0 to below `limit`. */
  below(limit: number): number {
    this.state = (this.state + 0x6d2b79f5) | 0
    let mixed = Math.imul(this.state ^ (this.state >>> 15), this.state | 1)
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61)
    return Math.floor((((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32) * limit)
  }

  chance(probability: number): boolean {
    return this.below(1_000_000) < probability * 1_000_000
  }

  /** @throws {RangeError} of an empty list */
  pick<T>(list: readonly T[]): T {
    const picked = list[this.below(list.length)]
    if (picked === undefined) throw new RangeError('Nothing to pick from')
    return picked
  }

  /** Picks a name; one of weight 3 comes three times as often as one of weight 1. */
  weighted<Name extends string>(weights: Readonly<Record<Name, number>>): Name {
    const entries = Object.entries<number>(weights) as [Name, number][]
    const sum = entries.reduce((before, [, weight]) => before + weight, 0)
    let left = (this.below(1_000_000) / 1_000_000) * sum
    return (entries.find(([, weight]) => (left -= weight) < 0) ?? this.pick(entries))[0]
  }

  hex(length: number): string {
    return Array.from({ length }, () => this.below(16).toString(16)).join('')
  }
}
