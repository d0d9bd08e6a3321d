import type { Request } from 'express'
import type { Finding } from '../finding.js'
import { checkSessionSecrets } from '../secrets.js'
import type { SessionSettings } from './identify.js'
import type { Step } from './outline.js'

/** How an application is looked at. */
export interface SessionView {
  readonly steps: readonly Step[]
  /** The probe's request, as the application left it. */
  readonly req: Request | undefined
  readonly isProduction: boolean
  readonly hasGuests: boolean
}

/** What the session is kept in, and how its cookie travels. */
export function checkSession(view: SessionView): Finding[] {
  const { steps, isProduction } = view
  if (steps.some(({ known }) => known.kind === 'cookie-session') || lacksRenewal(view.req)) {
    return [
      {
        code: 'session-cannot-renew',
        severity: 'error',
        message:
          'The session has no regenerate(), as that of cookie-session has not, so it cannot be given a new id: no link is redeemed, and no guest made.',
        remedy: 'Use express-session with a store on the server.',
      },
    ]
  }
  const settings = settingsOf(view)
  return settings === undefined
    ? []
    : [
        ...checkStore(settings, isProduction),
        ...checkSessionSecrets(settings.secrets, isProduction),
        ...checkCookie(settings.cookie as CookieSettings | undefined, view),
      ]
}

interface CookieSettings {
  readonly secure?: unknown
  readonly httpOnly?: unknown
  readonly sameSite?: unknown
  readonly maxAge?: unknown
  readonly expires?: unknown
}

/** As the middleware was told, or, if it cannot be looked into, as far as the request shows. */
function settingsOf({ steps, req }: SessionView): SessionSettings | undefined {
  const shown = shownBy(req)
  const told = steps
    .map(({ known }) => (known.kind === 'session' ? known.settings : undefined))
    .find((settings) => settings !== undefined)
  if (told === undefined) return shown
  // Options that depend on the request are those of this one.
  return typeof told.cookie === 'function' ? { ...told, cookie: shown?.cookie } : told
}

function shownBy(req: Request | undefined): SessionSettings | undefined {
  const { session, sessionStore } = (req ?? {}) as {
    readonly session?: { readonly cookie?: CookieSettings & { readonly originalMaxAge?: unknown } } | null
    readonly sessionStore?: unknown
  }
  const cookie = session?.cookie
  if (cookie === undefined || sessionStore === undefined) return undefined
  return {
    // Over HTTP, 'auto' has become false.
    cookie: {
      secure: cookie.secure === false ? 'auto' : cookie.secure,
      httpOnly: cookie.httpOnly,
      sameSite: cookie.sameSite,
      maxAge: cookie.originalMaxAge,
    },
    store: sessionStore,
    savesUninitialized: undefined,
    secrets: [],
  }
}

/** Whether the request has a session, and one that cannot be given a new id. */
function lacksRenewal(req: Request | undefined): boolean {
  const { session } = (req ?? {}) as { readonly session?: unknown }
  if (typeof session !== 'object' || session === null) return false
  return typeof (session as { regenerate?: unknown }).regenerate !== 'function'
}

function checkStore({ store, savesUninitialized }: SessionSettings, isProduction: boolean): Finding[] {
  return [
    ...(isMemoryStore(store)
      ? [
          {
            code: 'session-store-memory',
            severity: isProduction ? 'error' : 'note',
            message:
              "Sessions are in express-session's MemoryStore: a restart logs everybody out, guests for good, and it grows without end.",
            remedy:
              'Give session({ store }) a store on the server: connect-session-sequelize, connect-redis, connect-pg-simple.',
          } as const,
        ]
      : []),
    ...(savesUninitialized === true
      ? [
          {
            code: 'session-save-uninitialized',
            severity: 'warning',
            message:
              'saveUninitialized is true: every crawler, and every request without a cookie, leaves a row in the store.',
            remedy: 'session({ saveUninitialized: false })',
          } as const,
        ]
      : []),
  ]
}

/** Others have called theirs the same. */
function isMemoryStore(store: unknown): boolean {
  const { constructor: Class, sessions } = (store ?? {}) as {
    readonly constructor?: { readonly name?: unknown }
    readonly sessions?: unknown
  }
  return Class?.name === 'MemoryStore' && typeof sessions === 'object' && sessions !== null
}

function checkCookie(
  cookie: CookieSettings | undefined,
  { isProduction, hasGuests }: SessionView,
): Finding[] {
  if (cookie === undefined) return []
  const { secure, httpOnly, sameSite, maxAge, expires } = cookie
  const lasts = typeof maxAge === 'number' || Boolean(expires)
  return [
    ...(isProduction && !secure
      ? [
          {
            code: 'session-cookie-insecure',
            severity: 'error',
            message: "The session's cookie is not secure: it goes over plain HTTP, where it can be read.",
            remedy:
              "session({ cookie: { secure: true } }), or 'auto'; behind a proxy with app.set('trust proxy', 1).",
          } as const,
        ]
      : []),
    ...(httpOnly === false
      ? [
          {
            code: 'session-cookie-readable',
            severity: 'error',
            message: "The session's cookie is not httpOnly: every script on a page can read it.",
            remedy: 'session({ cookie: { httpOnly: true } })',
          } as const,
        ]
      : []),
    ...checkSameSite(sameSite),
    ...(hasGuests && !lasts
      ? [
          {
            code: 'session-cookie-without-max-age',
            severity: 'note',
            message: "The session's cookie has no maxAge: whoever closes the browser loses their guest.",
            remedy: 'session({ cookie: { maxAge: 14 * 24 * 60 * 60 * 1000 } }), as long as guests live.',
          } as const,
        ]
      : []),
  ]
}

function checkSameSite(sameSite: unknown): Finding[] {
  const remedy = "session({ cookie: { sameSite: 'lax' } })"
  if (sameSite === undefined || sameSite === null || sameSite === false) {
    return [
      {
        code: 'session-cookie-same-site-missing',
        severity: 'warning',
        message:
          "The session's cookie says no sameSite: how far other sites can use it is left to the browser.",
        remedy,
      },
    ]
  }
  if (sameSite === true || sameSite === 'strict') {
    return [
      {
        code: 'session-cookie-same-site-strict',
        severity: 'warning',
        message:
          "The session's cookie is sameSite: 'strict': whoever follows a link in a mail arrives without their session.",
        remedy,
      },
    ]
  }
  if (sameSite !== 'none' && sameSite !== 'auto') return []
  return [
    {
      code: 'session-cookie-same-site-none',
      severity: 'warning',
      message: `The session's cookie is sameSite: '${sameSite}': every other site can send requests with it.`,
      remedy: `${remedy}, unless your pages are shown inside another site's.`,
    },
  ]
}
