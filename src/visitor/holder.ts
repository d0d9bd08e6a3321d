import { createHash, randomBytes } from 'node:crypto'
import type { Request } from 'express'

/** Goes with a visit in a session where somebody is logged in. It opens nothing: without that session it says nothing. */
const COOKIE = 'visitor-holder'

/** The longest that browsers keep a cookie, in milliseconds (RFC 6265bis §5.5): for visits as long as the host's session. */
const LONGEST = 400 * 24 * 60 * 60 * 1000

/**
 * Gives the browser that redeems a link something that whoever planted its session does not have. A new session id would
 * do the same, and log the user's other requests under way out.
 *
 * @param lasts milliseconds; 0: until the browser closes; `null`: as long as can be
 * @returns a digest, to be kept with the visit
 */
export function giveToHolder(req: Request, lasts: number | null): string {
  const secret = randomBytes(16).toString('base64url')
  req.res?.cookie(COOKIE, secret, {
    httpOnly: true,
    sameSite: 'lax',
    secure: req.secure,
    ...(lasts !== 0 && { maxAge: lasts ?? LONGEST }),
  })
  return digest(secret)
}

/** Whether the request comes from the browser that redeemed the link. */
export function isHolder(req: Request, holder: string): boolean {
  return cookiesNamed(req, COOKIE).some((secret) => digest(secret) === holder)
}

/** All of them: a sister domain can set one of the same name beside ours. */
function cookiesNamed(req: Request, name: string): string[] {
  return (req.headers.cookie ?? '')
    .split(';')
    .map((pair) => pair.trim())
    .filter((pair) => pair.startsWith(`${name}=`))
    .map((pair) => pair.slice(name.length + 1))
}

function digest(secret: string): string {
  return createHash('sha256').update(secret).digest('base64url')
}
