import { markOf, type Mark } from '../../http/mark.js'
import type { Closures } from './closures.js'
import { isRouter, routerOf, type Handler, type RouterLike } from './express-parts.js'

/** An authenticator of Passport's, as far as it can be looked into. */
export interface Passport {
  readonly _strategies?: Readonly<Record<string, unknown>>
  readonly _serializers?: readonly unknown[]
  readonly _deserializers?: readonly unknown[]
}

/** What `session()` of express-session was told. */
export interface SessionSettings {
  readonly cookie: unknown
  readonly store: unknown
  readonly savesUninitialized: unknown
  readonly secrets: readonly unknown[]
}

/** What a handler is. */
export type Known =
  | { readonly kind: 'ours'; readonly mark: Mark }
  | { readonly kind: 'session'; readonly settings: SessionSettings | undefined }
  | { readonly kind: 'cookie-session' }
  | { readonly kind: 'initialize'; readonly passport: Passport | undefined }
  | { readonly kind: 'authenticate'; readonly by: Authentication }
  | { readonly kind: 'router'; readonly router: RouterLike }
  | { readonly kind: 'application'; readonly app: object; readonly router: RouterLike }
  /** Changes nothing that matters here. */
  | { readonly kind: 'inert' }
  /** The application's own, or a package's that nobody here knows. */
  | { readonly kind: 'unknown' }

/** What `passport.authenticate()` was told. */
interface Authentication {
  readonly passport: Passport
  /** Names as they were given; of a strategy that was handed over itself, its own. */
  readonly names: readonly string[]
  /** The strategies, where they are registered. */
  readonly strategies: readonly unknown[]
  /** Whether a login that succeeds opens a session. */
  readonly logsIn: boolean
}

/** Express's own, and what reads bodies: none of them knows of sessions or users. */
const INERT = [
  'query',
  'expressInit',
  'jsonParser',
  'urlencodedParser',
  'textParser',
  'rawParser',
  'serveStatic',
  'cookieParser',
]

/** Looks at a handler, and does not call it. */
export function identify(handler: Handler, closures: Closures): Known {
  const mark = markOf(handler)
  if (mark !== undefined && !isRouter(handler)) return { kind: 'ours', mark }
  if (isRouter(handler)) return { kind: 'router', router: handler }
  switch (handler.name) {
    case 'session':
      return identifySession(handler, closures)
    case '_cookieSession':
      return { kind: 'cookie-session' }
    case 'initialize':
      return isPassports(handler)
        ? {
            kind: 'initialize',
            passport: closures.variablesOf(handler, ['passport'])['passport'] as Passport,
          }
        : { kind: 'unknown' }
    case 'authenticate':
      return identifyAuthentication(handler, closures)
    case 'mounted_app':
      return identifyApplication(handler, closures)
    default:
      return { kind: INERT.includes(handler.name) || handler.length > 3 ? 'inert' : 'unknown' }
  }
}

/** Many an application has an `authenticate` of its own. */
function isPassports(handler: Handler): boolean {
  return Function.prototype.toString.call(handler).includes('req._sessionManager = passport._sm')
}

function identifySession(handler: Handler, closures: Closures): Known {
  if (!Function.prototype.toString.call(handler).includes('req.sessionStore')) return { kind: 'unknown' }
  const variables = closures.variablesOf(handler, [
    'cookieOptions',
    'store',
    'saveUninitializedSession',
    'secret',
  ])
  if (!('store' in variables && 'cookieOptions' in variables)) return { kind: 'session', settings: undefined }
  const { cookieOptions: cookie, store, saveUninitializedSession: savesUninitialized, secret } = variables
  return {
    kind: 'session',
    settings: { cookie, store, savesUninitialized, secrets: Array.isArray(secret) ? secret : [] },
  }
}

function identifyAuthentication(handler: Handler, closures: Closures): Known {
  if (!isPassports(handler)) return { kind: 'unknown' }
  const { passport, name, options } = closures.variablesOf(handler, ['passport', 'name', 'options'])
  if (typeof passport !== 'object' || passport === null || !Array.isArray(name)) return { kind: 'unknown' }
  const { _strategies: registered = {} } = passport as Passport
  const { session, assignProperty } = (options ?? {}) as { session?: unknown; assignProperty?: unknown }
  const given = name as readonly unknown[]
  const strategies = given.map((each) => (typeof each === 'string' ? registered[each] : each))
  const names = given.map((each) =>
    typeof each === 'string' ? each : String((each as { name?: unknown } | null)?.name),
  )
  return {
    kind: 'authenticate',
    by: { passport, names, strategies, logsIn: session !== false && assignProperty === undefined },
  }
}

function identifyApplication(handler: Handler, closures: Closures): Known {
  const { fn } = closures.variablesOf(handler, ['fn'])
  const router = routerOf(fn)
  return router === undefined ? { kind: 'unknown' } : { kind: 'application', app: fn as object, router }
}
