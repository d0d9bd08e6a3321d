import { setTimeout as sleep } from 'node:timers/promises'
import type { BenchDatabase } from './database.js'
import type { Flags } from './flags.js'
import { send, visit, type Load } from './load.js'
import { LINKS, type Path, type Target } from './paths.js'
import { median } from './median.js'
import type { Setting } from './servers/settings.js'
import { startServer, type ContenderName, type ServerProcess } from './server-process.js'

/** One round of load on one contender. */
export interface Round {
  readonly requestsPerSecond: number
  /** Microseconds of the server process's CPU per request. */
  readonly cpu: number
}

/** The results of a path: the rounds in their order, in pairs. */
export interface Measurement {
  readonly path: string
  /** Statements per request, for each contender. */
  readonly statements: Readonly<Partial<Record<Side, number>>>
  readonly pairs: readonly Readonly<Partial<Record<Side, Round>>>[]
}

/** The columns of the table. */
export type Side = (typeof SIDES)[number]

/** In the order of their rounds: what is compared with the package is next to it. */
export const SIDES = ['floor', 'package', 'betterAuth', 'sequelize'] as const

interface Runner {
  readonly side: Side
  readonly server: ServerProcess
  readonly load: Load
}

const COUNTED_REQUESTS = 11
/** For each contender before it is measured; with less, a short run measures the compiler of Node. */
const WARM_UP = { seconds: 3, requests: 4000, rounds: 10 }
/** Time for writes after the response. */
const SETTLING_MS = 50

/** Measures one path on fresh servers. Every other pair runs in reverse order. */
export async function measure(
  path: Path,
  database: BenchDatabase,
  flags: Flags,
  betterAuth: string | undefined,
): Promise<Measurement> {
  const setting: Setting = {
    databaseUrl: database.url,
    store: flags.store,
    isThrottled: path.isThrottled === true,
    betterAuth: betterAuth ?? '',
  }
  const servers = new Map<ContenderName, ServerProcess>()
  try {
    const runners: Runner[] = []
    for (const side of SIDES) {
      const target = path[side]
      if (target === undefined || (side === 'betterAuth' && betterAuth === undefined)) continue
      const server = servers.get(target.contender) ?? (await startServer(target.contender, setting))
      servers.set(target.contender, server)
      runners.push({ side, server, load: await prepareLoad(path, target, server, database.links) })
    }
    const statements: Partial<Record<Side, number>> = {}
    for (const runner of runners) statements[runner.side] = await countStatements(runner)
    for (const { load } of runners) await warmUp(load, flags)

    const pairs: Partial<Record<Side, Round>>[] = []
    for (let index = 0; index < flags.pairs; index++) {
      const pair: Partial<Record<Side, Round>> = {}
      for (const runner of index % 2 === 0 ? runners : runners.toReversed()) {
        pair[runner.side] = await round(runner, flags)
      }
      pairs.push(pair)
    }
    return { path: path.name, statements, pairs }
  } finally {
    await Promise.all([...servers.values()].map((server) => server.stop()))
  }
}

async function prepareLoad(
  { cookieFrom, status }: Path,
  { route }: Target,
  { origin }: ServerProcess,
  links: readonly string[],
): Promise<Load> {
  const addresses = (name: string): readonly string[] => (name === LINKS ? links : [name])
  const cookie =
    cookieFrom === undefined
      ? undefined
      : await visit({
          origin,
          routes: addresses(cookieFrom),
          cookie: undefined,
          status: cookieFrom === LINKS ? 303 : 200,
        })
  return { origin, routes: addresses(route), cookie, status }
}

/** On a machine with other work, three seconds are too few requests. */
async function warmUp(load: Load, { connections }: Flags): Promise<void> {
  let requests = 0
  for (let round = 0; round < WARM_UP.rounds && requests < WARM_UP.requests; round++) {
    requests += await send(load, connections, WARM_UP.seconds)
  }
}

/** The median of single requests, because a new connection of the pool sends its own statements. */
async function countStatements({ server, load }: Runner): Promise<number> {
  const counts: number[] = []
  for (let index = 0; index < COUNTED_REQUESTS; index++) {
    const before = await server.usage()
    await visit(load)
    await sleep(SETTLING_MS)
    counts.push((await server.usage()).statements - before.statements)
  }
  return median(counts)
}

async function round({ server, load }: Runner, { connections, seconds }: Flags): Promise<Round> {
  const before = await server.usage()
  const requests = await send(load, connections, seconds)
  const after = await server.usage()
  return { requestsPerSecond: requests / seconds, cpu: (after.cpu - before.cpu) / requests }
}
