import type { Request } from 'express'
import { currentSessionId, type HostSession } from './session.js'

/**
 * Keeps this request's session from being stored, and its id from the browser, whatever `rolling`, `resave` and
 * `saveUninitialized` say: express-session looks past what has no id. A login on this request opens a session as ever.
 */
export function withholdSession(req: Request): void {
  const id = currentSessionId(req)
  const session: unknown = Reflect.get(req, 'session')
  if (id === undefined || typeof session !== 'object' || session === null) return
  const { regenerate } = session as HostSession
  Reflect.set(req, 'sessionID', undefined)
  if (typeof regenerate !== 'function') return
  Object.defineProperty(session, 'regenerate', {
    configurable: true,
    enumerable: false, // stores serialize what is enumerable
    value: (done: (error?: unknown) => void) => {
      Reflect.set(req, 'sessionID', id) // which of them is to be destroyed
      return regenerate.call(session as HostSession, done)
    },
  })
}
