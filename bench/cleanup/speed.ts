import { median } from '../median.js'
import { run, type Population } from '../population.js'
import { clean } from './cleaner-process.js'

/** What one round with each contender took, in seconds. */
interface Round {
  readonly plain: number
  readonly one: number
  readonly two: number
  /** Bytes. */
  readonly memory: number
}

/** How fast one size goes. */
export interface Speed {
  readonly guests: number
  readonly plainPerSecond: number
  readonly perSecond: number
  /** Of the rounds: what the clean-up did, as a part of what the one statement did beside it. */
  readonly ratios: readonly number[]
  /** How much sooner two cleaners were through than one. */
  readonly twoAgainstOne: readonly number[]
  /** Bytes, at the highest. */
  readonly memory: number
}

/** What an operator would type. */
const PLAIN = `DELETE FROM "Users" USING "Guests"
  WHERE "Guests"."userId" = "Users".id AND "Guests"."createdAt" <= now() - interval '14 days'`

/** Rounds alternate: a statement, one cleaner, two cleaners, each on a database that is the same to the byte; every other in reverse. */
export async function measureSpeed(population: Population, rounds: number): Promise<Speed> {
  const { guests } = population
  const measured: Round[] = []
  for (let index = 0; index < rounds; index++) {
    const times = { plain: 0, one: 0, two: 0, memory: 0 }
    const contenders = [
      async () => {
        times.plain = await population.borrow(plainly)
      },
      async () => {
        const { seconds, memory } = await population.borrow((url) => allOf(guests, clean(url)))
        Object.assign(times, { one: seconds, memory })
      },
      async () => {
        times.two = await population.borrow(inTwo)
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

async function plainly(url: string): Promise<number> {
  const began = performance.now()
  await run(url, PLAIN)
  return (performance.now() - began) / 1000
}

/** Both begin at once; it takes as long as the slower one. */
async function inTwo(url: string): Promise<number> {
  const both = await Promise.all([clean(url), clean(url)])
  return Math.max(...both.map(({ seconds }) => seconds))
}

async function allOf<T extends { readonly guests: number }>(wanted: number, cleaned: Promise<T>): Promise<T> {
  const result = await cleaned
  if (result.guests !== wanted)
    throw new Error(`${String(result.guests)} guests went instead of ${String(wanted)}`)
  return result
}
