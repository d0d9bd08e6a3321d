import { setTimeout } from 'node:timers/promises'
import type { Request } from 'express'
import { presentedSessionIds } from './session.js'
import { cookiesNamed, dropCookie, giveCookie } from './signed-cookie.js'
import { LATE_MS, nameOfNote } from './session-notes.js'
import { lateForEndedSession } from './stale-session.js'

/** How long the answer to a late request waits, so that the browser receives the cookie of its other session first. */
const COMES_AGAIN_MS = 200

const COMES_AGAIN = 'session-again'

/**
 * Whether a request that would open a session is a late one of a browser that has been logged in meanwhile, in another tab: a
 * new session would replace that login. Such a request is to come again, with the cookie of the newer session. It does so
 * once: a browser that has dropped the other answer has no newer session.
 */
export async function shouldComeAgain(req: Request): Promise<boolean> {
  const ids = presentedSessionIds(req)
  if (ids.length === 0) return false
  const end = await lateForEndedSession(req)
  if (end === undefined || end === 'visit') return false // of two visits the later one counts
  const ended = nameOfNote(ids.join())
  if (cookiesNamed(req, COMES_AGAIN).includes(ended)) {
    dropCookie(req, COMES_AGAIN)
    return false
  }
  giveCookie(req, COMES_AGAIN, ended, { seconds: LATE_MS / 1000 })
  await setTimeout(COMES_AGAIN_MS)
  return true
}
