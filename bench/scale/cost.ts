import { setTimeout as sleep } from 'node:timers/promises'
import { visit, type Load } from '../load.js'
import { run, type Population } from '../population.js'
import type { ServerProcess } from '../server-process.js'
import { openModels } from '../servers/models.js'
import { ROUTES, SCOPE } from '../servers/settings.js'
import { quantile } from '../latency.js'

/** The cost of one request in the database. */
export interface Cost {
  readonly statements: number
  /** Pages of tables and indexes that were read, in memory or not. */
  readonly pages: number
  /** Bytes of write-ahead log, which replicas and archives receive. */
  readonly wal: number
  /** The request's median, in milliseconds. */
  readonly milliseconds: number
}

/** A kind of request. */
export interface Request {
  readonly name: string
  readonly loadOf: (server: ServerProcess, population: Population) => Promise<Load>
}

export const REQUESTS: readonly Request[] = [
  {
    name: 'page for a guest',
    loadOf: async ({ origin }) => {
      const newcomer = { origin, routes: [ROUTES.newGuest], cookie: undefined, status: 200 }
      return { ...newcomer, routes: [ROUTES.guestPage], cookie: await visit(newcomer) }
    },
  },
  {
    name: 'create a guest',
    loadOf: ({ origin }) =>
      Promise.resolve({ origin, routes: [ROUTES.newGuest], cookie: undefined, status: 200 }),
  },
  {
    name: 'page for a visitor',
    loadOf: async ({ origin }, { url }) => {
      const redeeming = { origin, routes: [await link(url)], cookie: undefined, status: 303 }
      return { origin, routes: [ROUTES.visitorPage], cookie: await visit(redeeming), status: 200 }
    },
  },
  {
    name: 'redeem a token',
    loadOf: async ({ origin }, { url }) => ({
      origin,
      routes: [await link(url)],
      cookie: undefined,
      status: 303,
    }),
  },
  adminPage('operator: the list of passes', '/passes'),
  adminPage('operator: a search for an address', '/passes?q=someone%40example.com'),
  adminPage('operator: the list of guests', '/guests'),
]

function adminPage(name: string, path: string): Request {
  return {
    name,
    loadOf: ({ origin }) =>
      Promise.resolve({ origin, routes: [ROUTES.admin + path], cookie: undefined, status: 200 }),
  }
}

/** PostgreSQL's connections report their statistics after ten idle seconds. */
const SETTLING_MS = 11_000

/** Measures `howMany` requests, sent one after the other. */
export async function costOf(
  load: Load,
  server: ServerProcess,
  { url }: Population,
  howMany: number,
): Promise<Cost> {
  const before = await counters(server, url)
  const taken: number[] = []
  for (let index = 0; index < howMany; index++) {
    const began = performance.now()
    await visit(load)
    taken.push(performance.now() - began)
  }
  await sleep(SETTLING_MS)
  const after = await counters(server, url)
  const each = (key: keyof typeof before): number => (after[key] - before[key]) / howMany
  return {
    statements: each('statements'),
    pages: each('pages'),
    wal: each('wal'),
    milliseconds: quantile(
      taken.sort((a, b) => a - b),
      0.5,
    ),
  }
}

async function counters(
  server: ServerProcess,
  url: string,
): Promise<Record<'statements' | 'pages' | 'wal', number>> {
  const { statements } = await server.usage()
  const { rows } = await run(
    url,
    `SELECT blks_hit + blks_read AS pages, pg_current_wal_lsn() - '0/0' AS wal
     FROM pg_stat_database WHERE datname = current_database()`,
  )
  return { statements, pages: Number(rows[0]?.['pages']), wal: Number(rows[0]?.['wal']) }
}

async function link(url: string): Promise<string> {
  const { sequelize, Visitor } = openModels(url)
  try {
    const pass = await Visitor.create({ email: 'someone@example.com', scope: SCOPE, context: null })
    return pass.tokenise(ROUTES.redeem)
  } finally {
    await sequelize.close()
  }
}
