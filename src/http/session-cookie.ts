import type { CookieOptions, Request } from 'express'
import type { HostSession } from './session.js'

/** What makes a small cookie of ours go as far as the session's own, and no further. */
export function cookieLikeSession(req: Request, { cookie = {} }: HostSession): CookieOptions {
  const { domain, path, sameSite, secure, partitioned } = cookie
  return {
    httpOnly: true,
    sameSite: sameSite ?? 'lax',
    secure: secure === true || req.secure,
    path: path ?? '/',
    ...(typeof domain === 'string' && { domain }),
    ...(partitioned === true && { partitioned }),
  }
}
