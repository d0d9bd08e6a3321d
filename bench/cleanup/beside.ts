import { latencies, quantile } from '../latency.js'
import { visit, type Load } from '../load.js'
import { median } from '../median.js'
import type { Population } from '../population.js'
import { startServer } from '../server-process.js'
import { ROUTES } from '../servers/settings.js'
import { clean } from './cleaner-process.js'

/** What people notice of a clean-up that runs beside their requests. */
export interface Beside {
  readonly dutyCycle: number
  /** Milliseconds, medians of the rounds. */
  readonly p99Without: number
  readonly p99With: number
  /** Of the rounds. */
  readonly ratios: readonly number[]
  /** What went meanwhile. */
  readonly guestsPerSecond: number
}

const REQUESTS_PER_SECOND = 200

/** The page of a guest, at a steady rate, in turns without and with a clean-up. */
export async function measureBeside(
  population: Population,
  { dutyCycle, rounds, seconds }: { dutyCycle: number; rounds: number; seconds: number },
): Promise<Beside> {
  return await population.borrow(async (url) => {
    const server = await startServer('package', url, 'memory')
    try {
      const { origin } = server
      const newcomer: Load = { origin, routes: [ROUTES.newGuest], cookie: undefined, status: 200 }
      const load: Load = { ...newcomer, routes: [ROUTES.guestPage], cookie: await visit(newcomer) }
      const p99 = async (): Promise<number> =>
        quantile(await latencies(load, REQUESTS_PER_SECOND, seconds), 0.99)
      await p99() // to warm up
      const [without, during, gone]: [number[], number[], number[]] = [[], [], []]
      for (let index = 0; index < rounds; index++) {
        without.push(await p99())
        const cleaning = clean(url, { dutyCycle, timeBudget: seconds + 1 })
        during.push(await p99())
        gone.push((await cleaning).guests)
      }
      return {
        dutyCycle,
        p99Without: median(without),
        p99With: median(during),
        ratios: during.map((value, index) => value / (without[index] ?? NaN)),
        guestsPerSecond: median(gone) / (seconds + 1),
      }
    } finally {
      await server.stop()
    }
  })
}
