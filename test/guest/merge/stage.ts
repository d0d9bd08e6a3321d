import type { Application, Request } from 'express'
import { Strategy } from 'passport-strategy'
import type { Sequelize } from 'sequelize'
import type { Agent } from 'supertest'
import { mergeGuest, type MergeGuestOptions } from '../../../src/index.js'
import {
  express,
  startApplication,
  whoIs,
  type TestApp,
  type TestAppOptions,
  type User,
  type Who,
} from '../../support/application.js'

export type Options = Partial<MergeGuestOptions<User>>

/** What a test has on stage besides the application. */
export interface Stage extends TestApp {
  /** A browser in which a guest is logged in. */
  readonly guest: () => Promise<{ browser: Agent; id: number }>
  readonly account: (username: string) => Promise<User>
  readonly reset: () => Promise<void>
}

export interface StageOptions extends TestAppOptions {
  /** Defines the application's models. */
  readonly define?: (sequelize: Sequelize, Users: typeof User) => void
  readonly merge?: Options | ((app: TestApp) => Options)
}

/** An application in which guests are merged, with every way to log in that the suite needs. */
export async function startStage(options: StageOptions = {}): Promise<Stage> {
  const app = await startApplication({
    ...options,
    routes(host, context) {
      options.define?.(context.sequelize, context.User)
      const merge = typeof options.merge === 'function' ? options.merge(context) : options.merge
      host.use(mergeGuest({ Guest: context.Guest, ...merge }))
      addLogins(host, context)
      options.routes?.(host, context)
    },
  })
  await app.sequelize.sync()
  app.database.takeStatements()
  return {
    ...app,
    async guest() {
      const browser = app.browser()
      const { user } = (await browser.get('/play').expect(200)).body as Who
      return { browser, id: user?.id ?? 0 }
    },
    account: (username) => app.User.create({ username }),
    async reset() {
      await app.User.destroy({ where: {} })
    },
  }
}

function addLogins(host: Application, { passport, User: Users }: TestApp): void {
  passport.use(new MagicLink(Users))
  host.get('/play', passport.authenticate('guest'), (req, res) => {
    res.json(whoIs(req))
  })
  host.post('/local', express.urlencoded({ extended: false }), passport.authenticate('local'), (req, res) => {
    res.json(whoIs(req))
  })
  host.get('/magic/:username', passport.authenticate('magic'), (req, res) => {
    res.json(whoIs(req))
  })
  host.post('/by-hand/:username', (req, res, next) => {
    Users.findOne({ where: { username: req.params.username }, rejectOnEmpty: true }).then((user) => {
      req.login(user, (error) => {
        if (error) next(error)
        else res.json(whoIs(req))
      })
    }, next)
  })
}

/** Logs in the account whose name is in the path. */
class MagicLink extends Strategy {
  readonly name = 'magic'

  constructor(private readonly Users: typeof User) {
    super()
  }

  override authenticate(req: Request<{ username: string }>): void {
    this.Users.findOne({ where: { username: req.params.username }, rejectOnEmpty: true }).then(
      (user) => {
        this.success(user)
      },
      (error: unknown) => {
        this.error(error as Error)
      },
    )
  }
}

/** Logs in by the form, as passport-local does. */
export function logIn(browser: Agent, username: string) {
  return browser.post('/local').type('form').send({ username, password: 'x' })
}

export function who(response: { body: unknown }): Who {
  return response.body as Who
}
