import type { Request } from 'express'
import { hasVisitEnded } from '../http/parallel-visit.js'
import { currentSessionId, sessionOf } from '../http/session.js'
import {
  cookiesNamed,
  dropCookie,
  giveSignedCookie,
  readSignedCookie,
  type Seal,
  type SignedCookie,
} from '../http/signed-cookie.js'
import { replacedSessions } from '../http/replaced-sessions.js'
import { findPass } from './statements.js'
import { parseEntry, type VisitEntry } from './visit-entry.js'
import { settingsOf, visitorSettings, type Visitor } from './visitor.js'

const NAME = 'visitor-binding'

/** The longest that browsers keep a cookie (RFC 6265bis §5.5), for visits as long as the host's session. */
const LONGEST = 400 * 24 * 60 * 60

/**
 * The cookie that carries a visit inside a login, instead of the session. A request that is under way meanwhile stores the
 * session as it was before the visit; and an attacker who planted the session in this browser must not get the visit.
 *
 * Bound to the session's id, so that it opens nothing in another login, nor after a logout. Signed by the model's secrets;
 * without one, by the pass's uuid, which is the only secret then.
 */
function visitCookie(seal: Seal, sessionId: string | undefined): Omit<SignedCookie, 'lifetime'> {
  return { name: NAME, seal, context: sessionId ?? '' }
}

/** Gives the browser the cookie of a visit that begins now. */
export function giveVisitCookie(req: Request, visitor: Visitor, entry: VisitEntry): void {
  const seal = settingsOf(visitor).codec.seal('visit', visitor.uuid)
  const lifetime = entry.until === null ? LONGEST : Math.ceil((entry.until - Date.now()) / 1000)
  const untilBrowserCloses = visitor.sessionExpiry === 0
  const cookie = { ...visitCookie(seal, currentSessionId(req)), lifetime, untilBrowserCloses }
  giveSignedCookie(req, cookie, encode(entry))
}

/** A visit that a cookie carries. */
export interface CarriedVisit {
  readonly entry: VisitEntry
  /** Whether the cookie is of the session that this one has replaced: the visit began while a guest was converted, in another tab. */
  readonly isOfReplaced: boolean
}

/** The visit of this model that the request's cookie carries for this login. Makes no query if there is a secret. */
export async function readVisitCookie(
  req: Request,
  Model: typeof Visitor,
): Promise<CarriedVisit | undefined> {
  const claims = cookiesNamed(req, NAME)
  if (claims.length === 0) return undefined
  const seal = Model[visitorSettings].codec.seal('visit') ?? (await sealOfClaimed(claims, Model))
  if (seal === undefined) return undefined
  const own = readSignedCookie(req, visitCookie(seal, currentSessionId(req)))
  // A visit ends with its login: not so if that has become another one.
  const replaced = replacedSessions(req).filter(({ heldLogin }) => heldLogin)
  const ofReplaced = replaced.map(({ id }) => readSignedCookie(req, visitCookie(seal, id)))
  const content = own ?? ofReplaced.find((each) => each !== undefined)
  const entry = content === undefined ? undefined : decode(content, Model)
  if (entry === undefined || hasVisitEnded(sessionOf(req), entry)) return undefined
  return { entry, isOfReplaced: own === undefined }
}

async function sealOfClaimed(claims: readonly string[], Model: typeof Visitor): Promise<Seal | undefined> {
  const claimed = claims.map((claim) => decode(claim.split('.', 1)[0] ?? '', Model)).find((entry) => entry)
  const visitor = claimed && (await findPass(Model, claimed.id))
  return visitor && Model[visitorSettings].codec.seal('visit', visitor.uuid)
}

/** Has the browser forget the cookie. */
export function dropVisitCookie(req: Request): void {
  dropCookie(req, NAME)
}

function encode(entry: VisitEntry): string {
  return Buffer.from(JSON.stringify(entry)).toString('base64url')
}

function decode(text: string, Model: typeof Visitor): VisitEntry | undefined {
  try {
    return parseEntry(JSON.parse(Buffer.from(text, 'base64url').toString()), Model)
  } catch {
    return undefined // not ours
  }
}
