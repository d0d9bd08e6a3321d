import { setTimeout as sleep } from 'node:timers/promises'
import type { Fleet } from '../../examples/fleet/fleet.js'
import type { Part } from '../../examples/fleet/parts/part.js'
import { bodyOf, Browser } from '../support/browser.js'
import { withDatabase } from './database.js'
import type { Ledger } from './ledger.js'
import { Traffic } from '../support/traffic.js'

/** A fault to inject into the fleet. */
export interface Fault {
  readonly name: string
  /** Seconds after the load began, at the earliest. */
  readonly at: number
  /** Whether reads must succeed during the fault. */
  readonly keepsReads?: boolean
  readonly inflict: (fleet: Fleet, ledger: Ledger) => Promise<void>
}

/** The result of a fault. */
export interface Inflicted {
  readonly name: string
  readonly keepsReads: boolean
  /** Milliseconds since the epoch. */
  readonly at: number
  /** Milliseconds until everything worked again. */
  readonly recoveredAfter: number
}

/** Jobs whose worker was killed meanwhile. */
export const interrupted: string[] = []

export const faults: readonly Fault[] = [
  {
    name: 'a worker is killed in the middle of a clean-up',
    at: 4,
    keepsReads: true,
    inflict: killBusyWorker,
  },
  {
    name: 'a web process is killed',
    at: 10,
    keepsReads: true,
    inflict: ({ webs }) => restart(webs[0], 'SIGKILL'),
  },
  {
    name: 'PostgreSQL restarts immediately',
    at: 16,
    inflict: ({ postgresql }) => restart(postgresql, 'SIGQUIT'),
  },
  {
    name: 'Redis is killed, and unavailable for a second',
    at: 25,
    inflict: ({ redis }) => restart(redis, 'SIGKILL', 1000),
  },
  {
    name: 'another web process is killed',
    at: 33,
    keepsReads: true,
    inflict: ({ webs }) => restart(webs[1], 'SIGKILL'),
  },
  {
    name: 'a web process is stopped gracefully',
    at: 39,
    keepsReads: true,
    inflict: ({ webs }) => restart(webs[2], 'SIGTERM'),
  },
  {
    name: 'PostgreSQL restarts, and is unavailable for two seconds',
    at: 45,
    inflict: ({ postgresql }) => restart(postgresql, 'SIGINT', 2000),
  },
  {
    name: 'a worker is stopped gracefully',
    at: 53,
    keepsReads: true,
    inflict: ({ workers }) => restart(workers[0], 'SIGTERM'),
  },
]

/** So many further kills of web processes and restarts of PostgreSQL in turn, each as soon as the last one is over. */
export function furtherKills(count: number): Fault[] {
  return Array.from({ length: count }, (_, kill) =>
    kill % 2 === 0
      ? {
          name: 'a web process is killed, once more',
          at: 0,
          inflict: ({ webs }: Fleet) => restart(webs[(kill / 2) % webs.length], 'SIGKILL'),
        }
      : {
          name: 'PostgreSQL restarts immediately, once more',
          at: 0,
          inflict: ({ postgresql }: Fleet) => restart(postgresql, 'SIGQUIT'),
        },
  )
}

async function restart(part: Part | undefined, signal: NodeJS.Signals, away?: number): Promise<void> {
  await part?.restart(signal, away)
}

/** Kills a worker while it deletes guests. */
async function killBusyWorker(fleet: Fleet, ledger: Ledger): Promise<void> {
  await withDatabase(fleet.databaseUrl, async (client) => {
    const deadline = Date.now() + 10_000
    while (Date.now() < deadline) {
      const { rows } = await client.query<{ name: string }>(
        `SELECT application_name AS name FROM pg_stat_activity
         WHERE application_name LIKE 'worker-_' AND state <> 'idle' AND query ILIKE '%delete%'`,
      )
      const busy = fleet.workers.find(({ name }) => name === rows[0]?.name)
      if (busy === undefined) {
        await sleep(2)
        continue
      }
      await busy.restart('SIGKILL')
      const jobs = await client.query<{ id: string }>(
        `SELECT id FROM pgboss.job WHERE name LIKE '%cleanup' AND state = 'active'`,
      )
      interrupted.push(...jobs.rows.map(({ id }) => id))
      return
    }
    ledger.violations.push('No worker was running a clean-up, so none was killed during one')
  })
}

const PROBES_IN_A_ROW = 6 // each of the web processes, twice
const RECOVERS_WITHIN_MS = 20_000

/** Injects a fault, and waits until everything works again. */
export async function inflict(fault: Fault, fleet: Fleet, ledger: Ledger): Promise<Inflicted> {
  const at = Date.now()
  await fault.inflict(fleet, ledger)
  const { name, keepsReads = false } = fault
  let successes = 0
  let since = Date.now()
  while (successes < PROBES_IN_A_ROW && Date.now() - at < RECOVERS_WITHIN_MS) {
    const began = Date.now()
    if (await works(fleet, ledger)) {
      if (successes === 0) since = began
      successes += 1
    } else {
      successes = 0
      await sleep(50)
    }
  }
  ledger.expect(successes === PROBES_IN_A_ROW, `After this the fleet did not recover: ${name}`)
  return { name, keepsReads, at, recoveredAfter: since - at }
}

/** Whether a new client can create a guest and read the to-do. */
async function works({ origin }: Fleet, ledger: Ledger): Promise<boolean> {
  const browser = new Browser(origin, new Traffic())
  const title = ledger.fresh('probe')
  const written = await browser.postJson('/api/todos', { title })
  if (written.status !== 201) return false
  const seen = await browser.get('/api/todos')
  return seen.status === 200 && JSON.stringify(bodyOf(seen)['todos']).includes(title)
}
