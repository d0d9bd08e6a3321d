import type { Request } from 'express'
import { isGuest, isVisitor } from 'passport-ephemeral'
import { userOf } from './current-user.js'

/** The user as the pages' header shows it. Needs no query: the session is already restored. */
export interface Who {
  readonly kind: 'anonymous' | 'visitor' | 'guest' | 'regular'
  readonly name: string | undefined
  /** The visitor's name; a visitor may be a user as well. */
  readonly visitorName: string | undefined
}

export function whoIs(req: Request): Who {
  const user = userOf(req)
  const visitorName = req.visitor && (req.visitor.fullName || req.visitor.email)
  const kind =
    user !== undefined ? (isGuest(req) ? 'guest' : 'regular') : isVisitor(req) ? 'visitor' : 'anonymous'
  return { kind, name: user?.username ?? visitorName, visitorName }
}
