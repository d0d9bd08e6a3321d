import type { Finding } from '../finding.js'
import { MAKE_A_SECRET } from '../secrets.js'

/** What a mistake is reported with. */
interface Mistake {
  /** One of production is a note in development. */
  readonly severity: Finding['severity'] | `${Finding['severity']} in production`
  /** `%s` stands for the middleware that met it, unless the check names something else. */
  readonly message: string
  readonly remedy: string
}

/** The mistakes that are warned of at run time, by their codes. */
export const MISTAKES = {
  BASE_URL_MISSING: {
    severity: 'error',
    message: '%s sends links, and does not know where the application lives: its requests fail.',
    remedy:
      "app.set('baseUrl', 'https://example.com'), with the path if there is one; or the option baseUrl of selfServiceRouter and convertRouter.",
  },
  BODY_NOT_PARSED: {
    severity: 'warning',
    message: '%s got a form that is not URL-encoded, and no parser has read it: all of its fields are empty.',
    remedy: 'Let the form have no enctype; for programs put app.use(express.json()) before it.',
  },
  COOKIE_DUPLICATE: {
    severity: 'warning',
    message:
      'The browser sent two session cookies of one name: another application, domain or path sets it too, and which one counts is chance.',
    remedy: "session({ name: 'a-name-of-its-own' })",
  },
  COOKIE_INSECURE: {
    severity: 'error',
    message: "The session's cookie is not secure: it goes over plain HTTP, where it can be read.",
    remedy:
      "session({ cookie: { secure: true } }). If a proxy ends TLS and the application itself speaks HTTP, app.set('trust proxy', 1) too, and the proxy sends X-Forwarded-Proto: https; otherwise no cookie is sent.",
  },
  COOKIE_NEVER_SENT: {
    severity: 'error',
    message:
      "The session's cookie is secure and the connection is not: express-session sends no cookie, so every request begins another session.",
    remedy:
      "Serve the site over HTTPS, with app.set('trust proxy', 1) behind a proxy; or session({ cookie: { secure: 'auto' } }).",
  },
  COOKIE_READABLE: {
    severity: 'error',
    message: "The session's cookie is not httpOnly: every script on a page can read it.",
    remedy: 'session({ cookie: { httpOnly: true } })',
  },
  COOKIE_SAME_SITE_MISSING: {
    severity: 'warning in production',
    message: "The session's cookie has no sameSite: browsers differ in what other sites can do with it.",
    remedy: "session({ cookie: { sameSite: 'lax' } })",
  },
  COOKIE_SAME_SITE_NONE: {
    severity: 'warning in production',
    message: "The session's cookie is sameSite: 'none': every other site can send requests with it.",
    remedy: "session({ cookie: { sameSite: 'lax' } }), unless your pages are shown inside another site's.",
  },
  COOKIE_SAME_SITE_STRICT: {
    severity: 'warning in production',
    message:
      "The session's cookie is sameSite: 'strict': a person who follows a link of another site arrives without their session.",
    remedy: "session({ cookie: { sameSite: 'lax' } })",
  },
  COOKIE_WITHOUT_MAX_AGE: {
    severity: 'note',
    message: "The session's cookie has no maxAge: a guest who closes the browser is lost.",
    remedy: 'session({ cookie: { maxAge: 14 * 24 * 60 * 60 * 1000 } }), as long as guests live.',
  },
  GUEST_DESERIALIZER_MISSING: {
    severity: 'error',
    message:
      'The user of the session was restored without Guest.deserializeUser or loadGuest: whether they are a guest is unknown.',
    remedy:
      'passport.deserializeUser(Guest.deserializeUser) before any other, or app.use(loadGuest({ Guest })) after passport.session() and after each middleware that logs in (remember-me, bearer).',
  },
  GUEST_NOT_REMEMBERED: {
    severity: 'warning',
    message:
      'A guest was made and not logged in (session: false, no session, or a callback without a login): the next request makes another one.',
    remedy:
      'Leave out session: false and the callback, and put session() and passport.session() before it. NestJS: guestGuard of docs/frameworks.md in place of AuthGuard. A route that hands out a token: validations: { GUEST_NOT_REMEMBERED: false }.',
  },
  LIMITER_MISSING: {
    severity: 'warning in production',
    message: '%s has no limiter: a program can create guests, or post its form, as often as it likes.',
    remedy: 'Give it a limiter of rate-limiter-flexible.',
  },
  MEMORY_STORE: {
    severity: 'error in production',
    message:
      "Sessions are kept in express-session's MemoryStore: a restart logs all users out, guests for good, and it grows without end.",
    remedy:
      'Give session({ store }) a store on the server: connect-session-sequelize, connect-redis, connect-pg-simple.',
  },
  PACKAGE_LOADED_TWICE: {
    severity: 'error',
    message:
      'Two copies of passport-ephemeral are in use: what one stores about a request, the other does not see. They are %s.',
    remedy: "Find them with 'npm ls passport-ephemeral', and install one version for all of the application.",
  },
  PASSPORT_SESSION_MISSING: {
    severity: 'error',
    message: 'passport.session() has not run before %s: no user is logged in there.',
    remedy: 'Put app.use(passport.session()) right after the session.',
  },
  PROXY_TRUSTS_ANYTHING: {
    severity: 'warning in production',
    message:
      "'trust proxy' is true: a client chooses its own address by X-Forwarded-For, and no limiter by address holds.",
    remedy: "app.set('trust proxy', 1), the number of proxies in front, or their addresses.",
  },
  PROXY_UNTRUSTED: {
    severity: 'warning in production',
    message:
      "'trust proxy' is not set: behind a proxy all clients have its address, and secure cookies are not sent.",
    remedy:
      "app.set('trust proxy', 1), the number of proxies in front; without one, app.set('trust proxy', false).",
  },
  RESAVE: {
    severity: 'warning in production',
    message:
      'resave is true: every request writes its session, and of two requests at once the later one undoes what the other stored.',
    remedy: 'session({ resave: false }); the store has touch(), so sessions in use do not expire.',
  },
  SAVE_UNINITIALIZED: {
    severity: 'warning in production',
    message:
      'saveUninitialized is true: every crawler, and every request without a cookie, leaves a row in the store.',
    remedy: 'session({ saveUninitialized: false })',
  },
  SESSION_MISSING: {
    severity: 'error',
    message: '%s met a request without a session.',
    remedy: 'Put app.use(session({ … })) of express-session before all of Passport.',
  },
  SESSION_NOT_RENEWABLE: {
    severity: 'error',
    message:
      'The session has no regenerate(), as that of cookie-session: without a new session id no link is redeemed, and no guest is created.',
    remedy: 'Use express-session with a store on the server.',
  },
  SESSION_TOUCHED_OFTEN: {
    severity: 'warning in production',
    message: 'The session store touches the session at every request, and every response waits for it.',
    remedy:
      "session({ store: throttleTouch(store) }). With a cookie that has maxAge, and without rolling: the store's own disableTouch: true.",
  },
  VISITOR_STRATEGY_MISSING: {
    severity: 'error',
    message: "passport.authenticate('visitor-token') has not run before %s: no visitor is admitted there.",
    remedy:
      "Put app.use(passport.authenticate('visitor-token')) after passport.session() and before the routes, and passport.use(new VisitorTokenStrategy({ Visitor })).",
  },
  WEAK_SESSION_SECRET: {
    severity: 'error in production',
    message: 'The secret that signs cookies is one of a tutorial: with it, an attacker signs session ids.',
    remedy: `${MAKE_A_SECRET}, and put it first in an array, so that sessions go on: secret: [new, old].`,
  },
} as const satisfies Readonly<Record<string, Mistake>>
