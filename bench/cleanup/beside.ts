import { latencies, quantile } from '../latency.js'
import { visit, type Load } from '../load.js'
import { median } from '../median.js'
import type { Population } from '../population.js'
import { startServer } from '../server-process.js'
import { inMemory, ROUTES } from '../servers/settings.js'
import { clean } from './cleaner-process.js'

/** The effect of a running clean-up on the latency of requests. */
export interface Beside {
  readonly dutyCycle: number
  /** Milliseconds, medians of the rounds. */
  readonly p99Without: number
  readonly p99With: number
  /** The ratio of each round. */
  readonly ratios: readonly number[]
  /** The guests deleted meanwhile. */
  readonly guestsPerSecond: number
}

const REQUESTS_PER_SECOND = 200

/** Requests the page of a guest at a constant rate, alternately without and with a clean-up. */
export async function measureBeside(
  population: Population,
  { dutyCycle, rounds, seconds }: { dutyCycle: number; rounds: number; seconds: number },
): Promise<Beside> {
  return await population.withCopy(async (url) => {
    const server = await startServer('package', inMemory(url))
    try {
      const { origin } = server
      const newcomer: Load = { origin, routes: [ROUTES.newGuest], cookie: undefined, status: 200 }
      const load: Load = { ...newcomer, routes: [ROUTES.guestPage], cookie: await visit(newcomer) }
      const p99 = async (): Promise<number> =>
        quantile(await latencies(load, REQUESTS_PER_SECOND, seconds), 0.99)
      await p99() // to warm up
      const [without, during, deleted]: [number[], number[], number[]] = [[], [], []]
      for (let index = 0; index < rounds; index++) {
        without.push(await p99())
        const cleaning = clean(url, { dutyCycle, timeBudget: seconds + 1 })
        during.push(await p99())
        deleted.push((await cleaning).guests)
      }
      return {
        dutyCycle,
        p99Without: median(without),
        p99With: median(during),
        ratios: during.map((value, index) => value / (without[index] ?? NaN)),
        guestsPerSecond: median(deleted) / (seconds + 1),
      }
    } finally {
      await server.stop()
    }
  })
}
