import type { Request } from 'express'
import type { HostSession } from '../../http/session.js'
import type { Check, Look } from './request-checks.js'

type Cookie = NonNullable<HostSession['cookie']> & {
  readonly httpOnly?: boolean
  readonly originalMaxAge?: number | null
}

/** The session's cookie. Only browsers show it: a health check comes over a connection of its own. */
export const checkCookie: Check = (look) => {
  const { req, report } = look
  const { session } = req as unknown as { readonly session?: HostSession | null }
  const cookie: Cookie | undefined = session?.cookie
  if (cookie === undefined || !req.get('user-agent')?.startsWith('Mozilla/')) return false
  checkSecure(look, cookie)
  checkSameSite(look, cookie)
  if (cookie.httpOnly === false) report('COOKIE_READABLE')
  if (cookie.originalMaxAge === null) report('COOKIE_WITHOUT_MAX_AGE')
  if (hasDuplicate(req)) report('COOKIE_DUPLICATE')
  return true
}

function checkSecure({ req, isProduction, report }: Look, { secure }: Cookie): void {
  if (isProduction && secure !== true) report('COOKIE_INSECURE')
  // Behind a proxy that is not trusted, PROXY_UNTRUSTED is reported instead.
  const isPlain = !req.secure && req.headers['x-forwarded-proto'] !== 'https'
  if (secure === true && isPlain) report('COOKIE_NEVER_SENT')
}

function checkSameSite({ report }: Look, { sameSite }: Cookie): void {
  if (!sameSite) report('COOKIE_SAME_SITE_MISSING')
  else if (sameSite === true || sameSite === 'strict') report('COOKIE_SAME_SITE_STRICT')
  else if (sameSite === 'none') report('COOKIE_SAME_SITE_NONE')
}

/** express-session's values begin with `s:`. */
function hasDuplicate(req: Request): boolean {
  const cookies = (req.headers.cookie ?? '').matchAll(/(?:^|;)\s*([^=;\s]+)=s(?:%3A|:)/gi)
  const names = [...cookies].map(([, name]) => name)
  return new Set(names).size < names.length
}
