import { median } from '../median.js'
import { run, type Population } from '../population.js'
import { clean } from './cleaner-process.js'

/** The duration of one round of each contender, in seconds. */
interface Round {
  readonly plain: number
  readonly one: number
  readonly two: number
  /** Bytes. */
  readonly memory: number
}

/** The rate for one number of guests. */
export interface Speed {
  readonly guests: number
  readonly plainPerSecond: number
  readonly perSecond: number
  /** For each round, the clean-up's rate divided by that of the single statement. */
  readonly ratios: readonly number[]
  /** For each round, the duration with one cleaner divided by that with two. */
  readonly twoAgainstOne: readonly number[]
  /** The maximum, in bytes. */
  readonly memory: number
}

/** The statement without the package. */
const PLAIN = `DELETE FROM "Users" USING "Guests"
  WHERE "Guests"."userId" = "Users".id AND "Guests"."createdAt" <= now() - interval '14 days'`

/**
 * Alternates a statement, one cleaner and two cleaners, each on an identical database; every other round runs in
 * reverse order.
 */
export async function measureSpeed(population: Population, rounds: number): Promise<Speed> {
  const { guests } = population
  const measured: Round[] = []
  for (let index = 0; index < rounds; index++) {
    const times = { plain: 0, one: 0, two: 0, memory: 0 }
    const contenders = [
      async () => {
        times.plain = await population.withCopy(deletePlainly)
      },
      async () => {
        const { seconds, memory } = await population.withCopy((url) => expectAll(guests, clean(url)))
        Object.assign(times, { one: seconds, memory })
      },
      async () => {
        times.two = await population.withCopy(cleanWithTwo)
      },
    ]
    for (const contender of index % 2 === 0 ? contenders : contenders.toReversed()) await contender()
    measured.push(times)
    console.error(guests, JSON.stringify(times))
  }
  return {
    guests,
    plainPerSecond: guests / median(measured.map(({ plain }) => plain)),
    perSecond: guests / median(measured.map(({ one }) => one)),
    ratios: measured.map(({ plain, one }) => plain / one),
    twoAgainstOne: measured.map(({ one, two }) => one / two),
    memory: Math.max(...measured.map(({ memory }) => memory)),
  }
}

async function deletePlainly(url: string): Promise<number> {
  const began = performance.now()
  await run(url, PLAIN)
  return (performance.now() - began) / 1000
}

/** Both start in parallel; the duration is that of the slower one. */
async function cleanWithTwo(url: string): Promise<number> {
  const both = await Promise.all([clean(url), clean(url)])
  return Math.max(...both.map(({ seconds }) => seconds))
}

async function expectAll<T extends { readonly guests: number }>(
  wanted: number,
  cleaned: Promise<T>,
): Promise<T> {
  const result = await cleaned
  if (result.guests !== wanted)
    throw new Error(`${String(result.guests)} guests were deleted instead of ${String(wanted)}`)
  return result
}
