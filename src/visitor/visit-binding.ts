import { createHash } from 'node:crypto'
import type { Request } from 'express'
import { currentSessionId } from '../http/session.js'
import { cookiesNamed, giveCookie } from '../http/signed-cookie.js'
import { settingsOf, type Visitor } from './visitor.js'

/** The cookie that binds a visit inside a login to the browser. Without that session it opens nothing. */
const COOKIE = 'visitor-binding'

/** The longest that browsers keep a cookie (RFC 6265bis §5.5), for visits as long as the host's session. */
const LONGEST = 400 * 24 * 60 * 60

/** The secret that the redeeming browser gets, and its digest, which is stored with the visit. */
export interface VisitBinding {
  readonly digest: string
  /** Sends the browser its part. */
  readonly give: () => void
}

/**
 * A secret that the redeeming browser has, and an attacker who planted its session has not: the attacker knows the
 * session's id, but neither the link nor the secret. A new session id would do the same, but log out the user's other
 * requests under way. It is made of the session id and the link, and so the same for every click on one link.
 */
export function bindVisit(req: Request, visitor: Visitor): VisitBinding {
  const secret = settingsOf(visitor).codec.bindingSecret(currentSessionId(req) ?? '', visitor.uuid)
  const { sessionExpiry } = visitor
  return {
    digest: digestOf(secret),
    give: () => {
      giveCookie(req, COOKIE, secret, sessionExpiry === 0 ? undefined : (sessionExpiry ?? LONGEST))
    },
  }
}

/** Whether the request comes from the browser that redeemed the link. */
export function hasVisitBinding(req: Request, digest: string): boolean {
  return cookiesNamed(req, COOKIE).some((secret) => digestOf(secret) === digest)
}

function digestOf(secret: string): string {
  return createHash('sha256').update(secret).digest('base64url')
}
