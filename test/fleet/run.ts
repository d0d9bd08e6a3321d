import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { startFleet, type Fleet } from '../../examples/fleet/fleet.js'
import { compareAccounts } from './accounting.js'
import { auditFrom, leaveOldGuests, readAudit } from './audit.js'
import { Operator } from './clean-ups.js'
import { withDatabase } from './database.js'
import { faults, furtherKills, inflict, type Inflicted } from './faults.js'
import { Ledger } from './ledger.js'
import { checkOldCookies } from './old-cookies.js'
import { Person } from './person.js'
import { report } from './report.js'
import { Traffic } from '../support/traffic.js'

/**
 * Runs simulated users against a fleet while its parts are killed and restarted, and then compares the data with every
 * response. `npm run test:fleet` needs PostgreSQL, Redis and nginx on this machine, and starts its own. `FLEET_KILLS` is the
 * number of kills beyond the faults of `faults.ts`; each of them takes a few seconds.
 */
const KILLS = Number(process.env['FLEET_KILLS'] ?? 0)
const PEOPLE = 20
const LOAD_SECONDS = 64
/** The last seconds have no fault, and nothing may fail. */
const QUIET_SECONDS = 6
const OLD_GUESTS = 20_000
const GUEST_MAX_AGE = 20 // seconds

const ENV = {
  GUEST_MAX_AGE: String(GUEST_MAX_AGE),
  GUESTS_PER_HOUR: '1000000', // all users share one address here
  CLEANUP_CRON: '* * * * *',
  CLEANUP_BATCH_SIZE: '100',
  CLEANUP_TIME_BUDGET: '4',
  CLEANUP_EXPIRE_IN: '8',
  CLEANUP_DUTY_CYCLE: '0.3',
  CLEANUP_MAINTENANCE_INTERVAL: '4',
}

async function main(): Promise<void> {
  const folder = await mkdtemp(join(tmpdir(), 'passport-ephemeral-fleet-'))
  const lines: string[] = []
  const log = (line: string): void => {
    lines.push(`${new Date().toISOString().slice(11, 23)} ${line}`)
  }
  const ledger = new Ledger()
  try {
    const starting = startFleet({ folder, port: 0, env: ENV, log })
    stopOnSignals(starting, folder)
    const fleet = await starting
    try {
      await drive(fleet, ledger)
    } finally {
      await fleet.stop()
    }
  } finally {
    await rm(folder, { recursive: true, force: true })
  }
  if (ledger.violations.length > 0) {
    console.error(`\nOutput of the parts:\n${lines.slice(-400).join('\n')}`)
    console.error(`\n${ledger.violations.length} violations:`)
    for (const violation of ledger.violations.slice(0, 50)) console.error(`- ${violation}`)
    process.exitCode = 1
  }
}

/** Stops all servers if the test is interrupted. */
function stopOnSignals(starting: Promise<Fleet>, folder: string): void {
  const stop = (): void => {
    void starting
      .then((fleet) => fleet.stop())
      .catch(() => undefined)
      .then(() => rm(folder, { recursive: true, force: true }))
      .finally(() => process.exit(1))
  }
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.once(signal, stop)
}

async function drive(fleet: Fleet, ledger: Ledger): Promise<void> {
  const { origin, databaseUrl } = fleet
  const traffic = new Traffic()
  await withDatabase(databaseUrl, async (client) => {
    await leaveOldGuests(client, OLD_GUESTS)
    await auditFrom(client)
  })
  const operator = new Operator(databaseUrl)
  await operator.start()

  const began = Date.now()
  let isLoaded = true
  const isRunning = (): boolean => isLoaded
  const people = Array.from({ length: PEOPLE }, () =>
    new Person({ origin, traffic, ledger, isRunning }).live(),
  )
  const inflicted: Inflicted[] = []
  for (const fault of [...faults, ...furtherKills(KILLS)]) {
    await sleep(Math.max(0, began + fault.at * 1000 - Date.now()))
    inflicted.push(await inflict(fault, fleet, ledger))
  }
  const quietFrom = Math.max(Date.now(), began + (LOAD_SECONDS - QUIET_SECONDS) * 1000)
  await sleep(quietFrom + QUIET_SECONDS * 1000 - Date.now())
  isLoaded = false
  await Promise.all(people)

  checkFailures(ledger, traffic, inflicted, quietFrom)
  await checkOldCookies(ledger)
  const cleanUps = await operator.finish(ledger, GUEST_MAX_AGE)
  await operator.stop()
  checkProcesses(ledger, fleet)
  await withDatabase(databaseUrl, async (client) => {
    const accounts = await compareAccounts(ledger, client)
    const audit = await readAudit(client, OLD_GUESTS)
    ledger.violations.push(...audit.violations)
    report({ accounts, audit, cleanUps, inflicted, traffic, oldGuests: OLD_GUESTS })
  })
}

/** Checks that failures have a clean response, occur only during a fault, and end with it. */
function checkFailures(
  ledger: Ledger,
  traffic: Traffic,
  inflicted: readonly Inflicted[],
  quietFrom: number,
): void {
  for (const { method, path, took, answer } of traffic.exchanges) {
    ledger.expect(took < 10_000, `${method} ${path} hung for ${took} ms`)
    const hasRetryAfter = answer.status !== 503 || answer.retryAfter !== null
    ledger.expect(hasRetryAfter, `${method} ${path} was answered by a 503 without Retry-After`)
    ledger.expect(answer.status !== 500, `${method} ${path} was answered by a 500: ${answer.text}`)
  }
  for (const { method, path, answer } of traffic.failuresBetween(quietFrom, Infinity)) {
    ledger.violations.push(`${method} ${path} failed (${answer.status}) after every fault was over`)
  }
  for (const { name, at, recoveredAfter } of inflicted.filter(({ keepsReads }) => keepsReads)) {
    const until = at + Math.max(recoveredAfter, 2000)
    for (const { method, path, answer } of traffic.failuresBetween(at, until)) {
      if (method !== 'GET') continue
      ledger.violations.push(
        `GET ${path} failed (${answer.status}) during a fault that must not affect reads: ${name}`,
      )
    }
  }
}

/** Checks that no process ended except those that were killed. */
function checkProcesses(ledger: Ledger, { webs, workers, postgresql, redis, nginx }: Fleet): void {
  for (const { name, deaths } of [...webs, ...workers, postgresql, redis, nginx]) {
    ledger.expect(deaths === 0, `${name} ended unexpectedly, ${deaths} times`)
  }
}

await main()
