import { createServer, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import express5, { type Application, type ErrorRequestHandler } from 'express'
import express4 from 'express4'
import session, { type SessionOptions } from 'express-session'
import passport from 'passport'
import { Strategy as LocalStrategy } from 'passport-local'
import {
  DataTypes,
  Model,
  type CreationOptional,
  type InferAttributes,
  type InferCreationAttributes,
  type Options,
  type Sequelize,
} from 'sequelize'
import supertest from 'supertest'
import {
  defineGuestModel,
  defineVisitorModels,
  EphemeralError,
  GuestStrategy,
  isGuest,
  isRegularUser,
  isVisitor,
  VisitorTokenStrategy,
  type GuestModel,
  type GuestModelOptions,
  type GuestStrategyOptions,
  type VisitorModelOptions,
  type VisitorTokenStrategyOptions,
} from '../../src/index.js'
import { openDatabase, preparedStatements, type TestDatabase } from './database.js'

/** The Express under test: 5, or with `EXPRESS=4` its predecessor. */
export const express = process.env['EXPRESS'] === '4' ? express4 : express5

export const SECRET = 'a secret of more than thirty-two characters'

/** A browser's User-Agent: that of supertest counts as a bot's. */
export const BROWSER = 'Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0'

export class User extends Model<InferAttributes<User>, InferCreationAttributes<User>> {
  declare id: CreationOptional<number>
  declare username: string
  declare email: CreationOptional<string | null>
  declare password: CreationOptional<string | null>
}

export function defineUser(sequelize: Sequelize): typeof User {
  class TestUser extends User {}
  TestUser.init(
    {
      id: { type: DataTypes.INTEGER, primaryKey: true, autoIncrement: true },
      username: { type: DataTypes.STRING(150), allowNull: false, unique: true },
      email: { type: DataTypes.STRING(254), unique: true },
      password: { type: DataTypes.STRING },
    },
    { sequelize, modelName: 'User' },
  )
  return TestUser
}

export interface TestAppOptions {
  readonly database?: Options
  readonly visitor?: Partial<VisitorModelOptions>
  readonly visitorStrategy?: Partial<VisitorTokenStrategyOptions>
  readonly guest?: Partial<GuestModelOptions<User>>
  readonly guestStrategy?: Partial<GuestStrategyOptions<User>>
  readonly session?: Partial<SessionOptions>
  /** Runs before the session and the strategies are mounted. */
  readonly before?: (app: Application) => void
  readonly routes?: (app: Application, context: TestApp) => void
}

/** An application that uses the package as in the README, and what a test needs of it. */
export interface TestApp {
  readonly database: TestDatabase
  readonly sequelize: Sequelize
  readonly passport: passport.Authenticator
  readonly User: typeof User
  readonly Guest: GuestModel<User>
  readonly Visitor: ReturnType<typeof defineVisitorModels>['Visitor']
  readonly VisitorLog: ReturnType<typeof defineVisitorModels>['VisitorLog']
  readonly store: session.MemoryStore
  readonly origin: string
  /** A browser with its own cookie jar. */
  readonly browser: () => ReturnType<typeof supertest.agent>
  readonly close: () => Promise<void>
}

/** Builds the application under test and serves it on its own port. */
export async function startApplication(options: TestAppOptions = {}): Promise<TestApp> {
  const database = await openDatabase(options.database)
  const { sequelize } = database
  const TestUser = defineUser(sequelize)
  const { Visitor, VisitorLog } = defineVisitorModels(sequelize, {
    secret: SECRET,
    preparedStatements,
    ...options.visitor,
  })
  const Guest = defineGuestModel(sequelize, { User: TestUser, preparedStatements, ...options.guest })
  await sequelize.sync()

  const authenticator = new passport.Passport()
  authenticator.use(new VisitorTokenStrategy({ Visitor, ...options.visitorStrategy }))
  authenticator.use(new GuestStrategy({ Guest, ...options.guestStrategy }))
  authenticator.use(passwordless(TestUser))
  authenticator.serializeUser(Guest.serializeUser)
  authenticator.deserializeUser(Guest.deserializeUser)

  const app = express()
  const store = new session.MemoryStore()
  options.before?.(app)
  app.use(
    session({ store, secret: 'session secret', resave: false, saveUninitialized: false, ...options.session }),
  )
  app.use(authenticator.session())
  app.use(authenticator.authenticate('visitor-token'))

  const server = createServer(app)
  await listening(server)
  const origin = `http://127.0.0.1:${String((server.address() as AddressInfo).port)}`
  const context: TestApp = {
    database,
    sequelize,
    passport: authenticator,
    User: TestUser,
    Guest,
    Visitor,
    VisitorLog,
    store,
    origin,
    browser: () => supertest.agent(origin).set('User-Agent', BROWSER),
    close: async () => {
      server.closeAllConnections()
      await new Promise((resolve) => server.close(resolve))
      await database.close()
    },
  }
  app.post(
    '/login',
    express.urlencoded({ extended: false }),
    authenticator.authenticate('local'),
    (req, res) => {
      res.json(whoIs(req))
    },
  )
  app.get('/who', (req, res) => {
    res.json(whoIs(req))
  })
  options.routes?.(app, context)
  app.use(reportError)
  database.takeStatements()
  return context
}

/** The current user and visitor, as the application sees them. */
export interface Who {
  readonly user: { readonly id: number; readonly username: string } | null
  readonly visitor: { readonly id: number; readonly email: string } | null
  readonly isGuest: boolean
  readonly isRegularUser: boolean
  readonly isVisitor: boolean
  readonly sessionID: string
}

export function whoIs(req: express5.Request): Who {
  const user = req.user as User | undefined
  return {
    user: user ? { id: user.id, username: user.username } : null,
    visitor: req.visitor ? { id: req.visitor.id, email: req.visitor.email } : null,
    isGuest: isGuest(req),
    isRegularUser: isRegularUser(req),
    isVisitor: isVisitor(req),
    sessionID: req.sessionID,
  }
}

/** A passport-local strategy that accepts every password. */
function passwordless(Users: typeof User): LocalStrategy {
  return new LocalStrategy((username, _password, done) => {
    Users.findOne({ where: { username } }).then(
      (user) => {
        done(null, user ?? false)
      },
      (error: unknown) => {
        done(error)
      },
    )
  })
}

/** Sends the error that an application's own error handler would receive. */
const reportError: ErrorRequestHandler = (error: unknown, _req, res, next) => {
  if (res.headersSent) {
    next(error)
    return
  }
  const { name, message, status = 500 } = error as Error & { status?: number }
  const ours = error instanceof EphemeralError
  const reason = (error as { reason?: unknown }).reason
  res
    .status(status)
    .json({ name, message, ours, ...(ours && { code: error.code }), ...(reason !== undefined && { reason }) })
}

async function listening(server: Server): Promise<void> {
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
}
