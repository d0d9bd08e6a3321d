import type { Request } from 'express'
import type { HostSession } from '../../http/session.js'
import type { Check, Look } from './request-checks.js'

/** The session's cookie. Only browsers show it: a health check comes over a connection of its own. */
export const checkCookie: Check = (look) => {
  const { req } = look
  const { session } = req as unknown as { readonly session?: HostSession | null }
  const cookie = session?.cookie
  if (cookie === undefined || !req.get('user-agent')?.startsWith('Mozilla/')) return false
  checkSecure(look, cookie)
  checkSameSite(look, cookie.sameSite)
  const { httpOnly, originalMaxAge } = cookie as {
    readonly httpOnly?: unknown
    readonly originalMaxAge?: unknown
  }
  if (httpOnly === false) {
    look.report(
      'COOKIE_READABLE',
      "The session's cookie is not httpOnly: every script on a page can read it.",
      'session({ cookie: { httpOnly: true } })',
    )
  }
  if (originalMaxAge === null) {
    look.report(
      'COOKIE_WITHOUT_MAX_AGE',
      "The session's cookie has no maxAge: a guest who closes the browser is lost.",
      'session({ cookie: { maxAge: 14 * 24 * 60 * 60 * 1000 } }), as long as guests live.',
    )
  }
  if (hasDuplicate(req)) {
    look.report(
      'COOKIE_DUPLICATE',
      'The browser sent two session cookies of one name: another application, domain or path sets it too, and which one counts is chance.',
      "session({ name: 'a-name-of-its-own' })",
    )
  }
  return true
}

type Cookie = NonNullable<HostSession['cookie']>

function checkSecure({ req, isProduction, report }: Look, { secure }: Cookie): void {
  // Behind a proxy that is not trusted, the connection is no evidence; PROXY_UNTRUSTED is reported instead.
  const isPlain = !req.secure && req.headers['x-forwarded-proto'] !== 'https'
  if (secure === true && isPlain) {
    report(
      'COOKIE_NEVER_SENT',
      "The session's cookie is secure and the connection is not: express-session sends no cookie, so every request begins another session.",
      "Serve the site over HTTPS, with app.set('trust proxy', 1) behind a proxy; or session({ cookie: { secure: 'auto' } }).",
    )
  }
  if (isProduction && secure !== true && (req.secure || isPlain)) {
    report(
      'COOKIE_INSECURE',
      "The session's cookie is not secure: it goes over plain HTTP, where it can be read.",
      "session({ cookie: { secure: true } }), or 'auto'; behind a proxy with app.set('trust proxy', 1).",
    )
  }
}

function checkSameSite({ report }: Look, sameSite: Cookie['sameSite'] | null): void {
  const remedy = "session({ cookie: { sameSite: 'lax' } })"
  if (sameSite === undefined || sameSite === null || sameSite === false) {
    report(
      'COOKIE_SAME_SITE_MISSING',
      "The session's cookie has no sameSite: browsers differ in what other sites can do with it.",
      remedy,
    )
  } else if (sameSite === true || sameSite === 'strict') {
    report(
      'COOKIE_SAME_SITE_STRICT',
      "The session's cookie is sameSite: 'strict': a person who follows a link in a mail arrives without their session.",
      remedy,
    )
  } else if (sameSite !== 'lax') {
    report(
      'COOKIE_SAME_SITE_NONE',
      "The session's cookie is sameSite: 'none': every other site can send requests with it.",
      `${remedy}, unless your pages are shown inside another site's.`,
    )
  }
}

/** express-session's values begin with `s:`. */
function hasDuplicate(req: Request): boolean {
  const names = [...(req.headers.cookie ?? '').matchAll(/(?:^|;)\s*([^=;\s]+)=s(?:%3A|:)/gi)].map(
    ([, name]) => name,
  )
  return new Set(names).size < names.length
}
