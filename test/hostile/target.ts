import { createServer, type IncomingMessage, type RequestListener, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import { format } from 'node:util'
import connectPgSimple from 'connect-pg-simple'
import connectSession from 'connect-session-sequelize'
import createDebug from 'debug'
import session from 'express-session'
import pg from 'pg'
import { Op, type Sequelize } from 'sequelize'
import { dialect, isEmbedded, openDatabase } from '../support/database.js'
import { ACCOUNTS, type LinkKind, type Memory, type Rows } from './agreement.js'
import { createApplication, defineModels, type Mail, type Models } from './application.js'

/** The application under attack, with a second port by which its attacker looks behind the scenes. */
export interface Target {
  readonly port: number
  readonly control: number
  readonly close: () => Promise<void>
}

const DAY_MS = 24 * 60 * 60 * 1000
const OLD_GUESTS = 10
const OLD_PASSES = 10
/** Mailboxes that are kept; a case reads its own at once. */
const MAILBOXES = 2000

export async function startTarget(): Promise<Target> {
  const { sequelize, close } = await openDatabase({ logging: false })
  const models = defineModels(sequelize)
  await sequelize.sync()
  const { store, closeStore } = await openStore(sequelize)
  await seed(models)
  const logs = new Logs(models)
  const mails = new Map<string, Mail[]>()
  const app = createApplication(models, {
    store,
    log: logs.add,
    deliver(to, mail) {
      const box = mails.get(to) ?? []
      mails.delete(to)
      mails.set(to, [...box, mail])
      const [oldest] = mails.keys()
      if (mails.size > MAILBOXES && oldest !== undefined) mails.delete(oldest)
    },
  })
  const control = controller({
    invite: (parameters) => invite(models, parameters.get('kind') as LinkKind, parameters.get('email') ?? ''),
    mails(parameters) {
      const to = parameters.get('to') ?? ''
      const found = mails.get(to) ?? []
      mails.delete(to)
      return found
    },
    logs: () => logs.take(),
    rows: () => countRows(models),
    memory,
  })
  const servers = [createServer(app), createServer(control)]
  const [port = 0, controlPort = 0] = await Promise.all(servers.map(listen))
  return {
    port,
    control: controlPort,
    async close() {
      for (const server of servers) {
        server.closeAllConnections()
        await new Promise((resolve) => server.close(resolve))
      }
      await models.VisitorLog.flush()
      logs.stop()
      await closeStore()
      await close()
    },
  }
}

/** A store outside the process; for the embedded database, whose one connection is busy, the process's memory. */
async function openStore(
  sequelize: Sequelize,
): Promise<{ readonly store: session.Store; readonly closeStore: () => Promise<void> }> {
  if (isEmbedded) return { store: new session.MemoryStore(), closeStore: () => Promise.resolve() }
  if (dialect === 'postgres') {
    const url = new URL(process.env['DATABASE_URL'] ?? '')
    url.pathname = `/${sequelize.getDatabaseName()}`
    const pool = new pg.Pool({ connectionString: url.href, max: 4 })
    const store = new (connectPgSimple(session))({
      pool,
      createTableIfMissing: true,
      pruneSessionInterval: false,
    })
    return { store, closeStore: () => pool.end() }
  }
  const store = new (connectSession(session.Store))({ db: sequelize, checkExpirationInterval: 0 })
  // Its type declares no return value, but it returns a promise.
  const syncSessions: () => unknown = store.sync.bind(store)
  await syncSessions()
  return { store, closeStore: () => Promise.resolve() }
}

/** Accounts to log in to, and guests and passes that a clean-up finds. */
async function seed({ User, Guest, Visitor }: Models): Promise<void> {
  await User.bulkCreate(ACCOUNTS.map((username) => ({ username, email: `${username}@mail.test` })))
  const old = new Date(Date.now() - 20 * DAY_MS)
  const ids: number[] = []
  while (ids.length < OLD_GUESTS) ids.push((await Guest.createGuestUser()).id)
  await Guest.update(
    { createdAt: old, lastSeenAt: old },
    { where: { userId: { [Op.in]: ids } }, silent: true },
  )
  const expiresAt = new Date(Date.now() - 60 * DAY_MS)
  for (let n = 0; n < OLD_PASSES; n++)
    await Visitor.create({ email: `old-${String(n)}@mail.test`, scope: 'REFERENCE', expiresAt })
}

async function invite({ Visitor }: Models, kind: LinkKind, email: string): Promise<string> {
  const past = new Date(Date.now() - 1000)
  const visitor = await Visitor.create({
    email,
    scope: kind === 'interview' ? 'INTERVIEW' : 'REFERENCE',
    firstName: 'Ann',
    ...(kind.startsWith('expired') && { expiresAt: past }),
    ...(kind.endsWith('limited') && { maxUses: 3 }),
    ...(kind === 'deactivated' && { isActive: false }),
    ...(kind === 'used-up' && { maxUses: 1, uses: 1 }),
  })
  return visitor.tokenise(kind === 'interview' ? '/interview' : '/reference?a=1&b=2')
}

async function countRows({ User, Todo, Guest, Visitor }: Models): Promise<Rows> {
  const [users, todos, guests, passes] = await Promise.all([
    User.count(),
    Todo.count(),
    Guest.count(),
    Visitor.count(),
  ])
  return { users, todos, guests, passes }
}

function memory(): Memory {
  globalThis.gc?.()
  const { heapUsed, external, rss } = process.memoryUsage()
  return { heap: heapUsed + external, resident: rss }
}

/** Everything that this process writes down: the access log, warnings, DEBUG lines, the visit log, what is uncaught. */
class Logs {
  private lines: string[] = []
  private lastVisit: number | string = 0
  private readonly write = createDebug.log
  readonly add = (line: string): void => {
    this.lines.push(line)
  }
  private readonly warned = (warning: Error): void => {
    this.add(`WARNING ${String(warning.stack)} ${String((warning as { detail?: unknown }).detail)}`)
  }

  constructor(private readonly models: Models) {
    createDebug.enable('passport-ephemeral*')
    createDebug.log = (...parts: unknown[]) => {
      this.add(format(...parts))
    }
    process.on('warning', this.warned)
  }

  async take(): Promise<string[]> {
    const { VisitorLog } = this.models
    await VisitorLog.flush()
    const visits = await VisitorLog.findAll({
      where: { id: { [Op.gt]: this.lastVisit } },
      order: ['id'],
      raw: true,
    })
    this.lastVisit = visits.at(-1)?.id ?? this.lastVisit
    return [...this.lines.splice(0), ...visits.map((visit) => JSON.stringify(visit))]
  }

  stop(): void {
    createDebug.disable()
    createDebug.log = this.write
    process.off('warning', this.warned)
  }
}

type Answer = (parameters: URLSearchParams) => unknown

function controller(answers: Readonly<Record<string, Answer>>): RequestListener {
  return (req: IncomingMessage, res) => {
    const { pathname, searchParams } = new URL(req.url ?? '/', 'http://localhost')
    Promise.resolve(answers[pathname.slice(1)]?.(searchParams)).then(
      (answer) => res.end(JSON.stringify(answer)),
      (error: unknown) => {
        res.statusCode = 500
        res.end(JSON.stringify(String(error)))
      },
    )
  }
}

async function listen(server: Server): Promise<number> {
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  return (server.address() as AddressInfo).port
}
