import type { Agent } from 'supertest'
import {
  convertRouter,
  type ConvertContext,
  type ConvertMessage,
  type ConvertRouterOptions,
  type VerifyEmailOptions,
} from '../../../src/index.js'
import {
  startApplication,
  whoIs,
  type TestApp,
  type TestAppOptions,
  type User,
  type Who,
} from '../../support/application.js'

/** An application with the pages of the conversion, and what went out by them. */
export interface Stage extends TestApp {
  /** Messages that `send` was given. */
  readonly mailbox: ConvertMessage<User>[]
  /** Addresses of which `onConvert` was told that they are proven. */
  readonly verified: (string | undefined)[]
}

export type Options = Partial<ConvertRouterOptions<User>>

export const HTML = 'text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8'
export const fred = { username: 'fred', password: 'correct horse', passwordAgain: 'correct horse' }
export const ginger = { ...fred, username: 'ginger', email: 'ginger@example.test' }

/** Serves `/convert` with these options, and `/play` for guests. */
export async function startConversion(options: Options = {}, host: TestAppOptions = {}): Promise<Stage> {
  const mailbox: ConvertMessage<User>[] = []
  const verified: (string | undefined)[] = []
  const onConvert = ({ verifiedEmail }: ConvertContext<User>): void => {
    verified.push(verifiedEmail)
  }
  const verifyEmail = options.verifyEmail && {
    ...options.verifyEmail,
    ...(options.verifyEmail.send === keep && { send: collect }),
  }
  function collect(message: ConvertMessage<User>): void {
    mailbox.push(message)
  }
  const app = await startApplication({
    ...host,
    guest: { onConvert, ...host.guest },
    routes(application, context) {
      application.get('/play', context.passport.authenticate('guest'), (req, res) => {
        res.json(whoIs(req))
      })
      host.routes?.(application, context)
      application.use(
        '/convert',
        convertRouter({
          Guest: context.Guest,
          hashPassword: (password) => Promise.resolve(`hash of ${String(password.length)}`),
          ...options,
          ...(verifyEmail && { verifyEmail }),
        }),
      )
    },
  })
  return Object.assign(app, { mailbox, verified })
}

/** Stands for a `send` that puts the message into the mailbox of the stage. */
export const keep = (): void => undefined

/** The option, with a mailbox. */
export const verifying = (
  more: Partial<VerifyEmailOptions<User>> = {},
): { verifyEmail: VerifyEmailOptions<User> } => ({
  verifyEmail: { send: keep, baseUrl: 'https://example.test', ...more },
})

/** A browser with a new guest. */
export async function guest(app: TestApp): Promise<{ browser: Agent; id: number; name: string }> {
  const browser = app.browser()
  const { user } = body(await browser.get('/play').expect(200))
  return { browser, id: user?.id ?? 0, name: user?.username ?? '' }
}

export const body = (response: { body: unknown }): Who => response.body as Who

export async function post(browser: Agent, values: object, url = '/convert') {
  return await browser.post(url).set('Accept', HTML).type('form').send(values)
}

export const pathOf = (link: string): string => link.replace(/^https:\/\/[^/]*/, '')

/** The errors that the page shows, by the field beside which they stand. */
export const errorsOf = (page: string): Record<string, string> =>
  Object.fromEntries(
    [...page.matchAll(/<p class="error" (?:id="(\w+)-error"|role="alert")>([^<]*)</g)].map(
      ([, field = '', message = '']) => [field, message],
    ),
  )
