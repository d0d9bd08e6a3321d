import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import type { Application, ErrorRequestHandler, Request, RequestHandler } from 'express'
import session from 'express-session'
import passport from 'passport'
import {
  DataTypes,
  type Model,
  type ModelAttributes,
  type ModelStatic,
  type Options,
  type Sequelize,
} from 'sequelize'
import supertest from 'supertest'
import {
  defineGuestModel,
  defineVisitorModels,
  EphemeralError,
  ensureRegularUser,
  ensureVisitor,
  GuestStrategy,
  isGuest,
  isRegularUser,
  isVisitor,
  VisitorTokenStrategy,
  type GuestModel,
  type GuestModelOptions,
  type GuestStrategyOptions,
  type VisitorModelOptions,
} from '../../src/index.js'
import { BROWSER, express, SECRET } from './application.js'
import { openDatabase, preparedStatements, type TestDatabase } from './database.js'

/** The users model of a host application. */
export type HostUser = ModelStatic<Model>

/** The settings of a host application. */
export interface HostOptions {
  /** For `new Sequelize(…)`. */
  readonly database?: Options
  /** An open database, used instead. */
  readonly opened?: TestDatabase
  readonly defineUser: (sequelize: Sequelize) => HostUser
  readonly guest?: Partial<GuestModelOptions<Model>>
  readonly visitor?: Partial<VisitorModelOptions>
  readonly guestStrategy?: Partial<GuestStrategyOptions<Model>>
  /** The session store, to share it with another application. @default express-session's MemoryStore */
  readonly store?: session.Store
  /** Sets up the application's own part of Passport. */
  readonly authenticator?: (authenticator: InstanceType<typeof passport.Passport>) => void
  /** Makes the tables. @default `sequelize.sync()` */
  readonly makeTables?: (sequelize: Sequelize) => Promise<unknown>
  readonly routes?: (app: Application, host: Host) => void
}

/** A running application with its own users table. */
export interface Host {
  readonly sequelize: Sequelize
  readonly User: HostUser
  readonly Guest: GuestModel
  readonly Visitor: ReturnType<typeof defineVisitorModels>['Visitor']
  readonly VisitorLog: ReturnType<typeof defineVisitorModels>['VisitorLog']
  /** The statements since the last call. */
  readonly takeStatements: () => string[]
  /** A browser with a cookie jar of its own. */
  readonly browser: () => ReturnType<typeof supertest.agent>
  readonly close: () => Promise<void>
}

/** The response of `GET /who`. */
export interface HostWho {
  /** The user as JSON. */
  readonly user: Readonly<Record<string, unknown>> | null
  readonly key: string | null
  readonly visitor: number | null
  readonly isGuest: boolean
  readonly isRegularUser: boolean
  readonly isVisitor: boolean
}

/** A users model with a numeric key, a username and further attributes. */
export function plainUser(
  more: ModelAttributes = {},
  options: Parameters<Sequelize['define']>[2] = {},
): (sequelize: Sequelize) => HostUser {
  return (sequelize) =>
    sequelize.define(
      'User',
      {
        id: { type: DataTypes.INTEGER, primaryKey: true, autoIncrement: true },
        username: { type: DataTypes.STRING(150), allowNull: false, unique: true },
        ...more,
      },
      options,
    )
}

/** The models of a host on one database, without an application. */
export function defineHostModels(
  sequelize: Sequelize,
  { defineUser, guest, visitor }: Pick<HostOptions, 'defineUser' | 'guest' | 'visitor'>,
): Pick<Host, 'User' | 'Guest' | 'Visitor' | 'VisitorLog'> {
  const User = defineUser(sequelize)
  const models = defineVisitorModels(sequelize, { secret: SECRET, preparedStatements, ...visitor })
  return { User, Guest: defineGuestModel(sequelize, { User, preparedStatements, ...guest }), ...models }
}

/**
 * Serves a host application with a page that creates guests, one for visitors, one for regular users, and a conversion.
 */
export async function startHost(options: HostOptions): Promise<Host> {
  const database = options.opened ?? (await openDatabase(options.database))
  try {
    return await serveHost(options, database)
  } catch (error) {
    await database.close() // a host that does not start leaves nothing open
    throw error
  }
}

async function serveHost(options: HostOptions, database: TestDatabase): Promise<Host> {
  const { sequelize } = database
  const models = defineHostModels(sequelize, options)
  const { User, Guest, Visitor } = models
  await (options.makeTables?.(sequelize) ?? sequelize.sync())

  const authenticator = new passport.Passport()
  authenticator.use(new VisitorTokenStrategy({ Visitor }))
  authenticator.use(new GuestStrategy({ Guest, ...options.guestStrategy }))
  authenticator.serializeUser(Guest.serializeUser)
  authenticator.deserializeUser(Guest.deserializeUser)
  options.authenticator?.(authenticator)

  const app = express()
  const { store } = options
  app.use(
    session({ secret: 'session secret', resave: false, saveUninitialized: false, ...(store && { store }) }),
  )
  app.use(authenticator.session())
  app.use(authenticator.authenticate('visitor-token'))
  app.get('/who', (req, res) => {
    res.json(hostWhoIs(req, User))
  })
  app.get('/play', authenticator.authenticate('guest') as RequestHandler, (req, res) => {
    res.json(hostWhoIs(req, User))
  })
  app.get('/settings', ensureRegularUser, (_req, res) => {
    res.json('settings')
  })
  app.get('/reference', ensureVisitor('REFERENCE'), (req, res) => {
    res.json(hostWhoIs(req, User))
  })
  app.post('/convert', express.json(), (req, res, next) => {
    Guest.convert(req.user as Model, req.body as object).then((user) => {
      req.login(user, (error) => {
        if (error) next(error)
        else res.json(hostWhoIs(req, User))
      })
    }, next)
  })

  const server = createServer(app)
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const origin = `http://127.0.0.1:${String((server.address() as AddressInfo).port)}`
  const host: Host = {
    ...models,
    sequelize,
    takeStatements: database.takeStatements,
    browser: () => supertest.agent(origin).set('User-Agent', BROWSER),
    close: async () => {
      server.closeAllConnections()
      await new Promise((resolve) => server.close(resolve))
      await database.close()
    },
  }
  options.routes?.(app, host)
  app.use(reportError)
  database.takeStatements()
  return host
}

export function hostWhoIs(req: Request, User: HostUser): HostWho {
  const user = req.user as Model | undefined
  return {
    user: user === undefined ? null : user.toJSON(),
    key: user === undefined ? null : String(user.get(User.primaryKeyAttribute)),
    visitor: req.visitor?.id ?? null,
    isGuest: isGuest(req),
    isRegularUser: isRegularUser(req),
    isVisitor: isVisitor(req),
  }
}

/** Sends the error that an application's own error handler would receive. */
const reportError: ErrorRequestHandler = (error: unknown, _req, res, next) => {
  if (res.headersSent) {
    next(error)
    return
  }
  const { name, message, status = 500 } = error as Error & { status?: number }
  res.status(status).json({ name, message, ...(error instanceof EphemeralError && { code: error.code }) })
}
