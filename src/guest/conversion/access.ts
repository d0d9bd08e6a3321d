import type { Request } from 'express'
import type { Model } from 'sequelize'
import { isRowOf } from '../../database/model-identity.js'
import { GuestRequired, NotGuestError, RegularUserRequired } from '../../errors.js'
import { currentUser } from '../../http/passport-request.js'
import { ownAddress, withWayBack } from '../../http/address.js'
import { publicUrl } from '../../http/base-url.js'
import { hasGoneAway, redirectOrError } from '../../http/answer.js'
import { requireRenewableSession, settled, VISITOR_SESSION_KEY } from '../../http/session.js'
import { shapeRenewal } from '../../http/session-renewal.js'
import { lateForEndedSession, noteSessionEnd, waitForSessionEnd } from '../../http/stale-session.js'
import type { FlowRequest } from '../../pages/flow-declaration.js'
import { guestSettings, type GuestModel } from '../guest.js'
import { guestOf } from '../guest-state.js'
import { keyOf } from '../user-key.js'
import { WHO, type ConversionSettings } from './settings.js'

/**
 * The guest who asks; `null` for a regular user, `undefined` for an anonymous client.
 *
 * @throws {GuestStateUnknown} if neither `Guest.deserializeUser` nor `loadGuest` has seen the user
 */
export function currentGuest<U extends Model>(Guest: GuestModel<U>, req: Request): U | null | undefined {
  const user = currentUser(req)
  if (user === undefined) return undefined
  const { User } = Guest[guestSettings]
  return guestOf(req) !== null && isRowOf(User, user) ? user : null
}

/** The guest who asks; `undefined` if it was none, and the request has been answered. */
export async function requireGuest<U extends Model>(
  settings: ConversionSettings<U>,
  request: FlowRequest,
): Promise<U | undefined> {
  const guest = currentGuest(settings.Guest, request.req)
  if (guest) return guest
  await redirectNonGuest(settings, guest === undefined, request)
  return undefined
}

/**
 * Redirects people, also those who post a form, and refuses programs with the error. A guest who has pressed the button
 * twice, or logged in in another tab, has a new session whose cookie this request did not have yet: they are not asked to
 * log in.
 */
async function redirectNonGuest<U extends Model>(
  { loginUrl, registeredUrl }: ConversionSettings<U>,
  isAnonymous: boolean,
  { req, res, next, carried, pageUrl }: FlowRequest,
): Promise<void> {
  const end = isAnonymous ? await lateForEndedSession(req) : undefined
  const home = carried ?? (end === 'converted' ? pageUrl('/success') : publicUrl(req, registeredUrl))
  redirectOrError(req, res, next, {
    url: isAnonymous && end === undefined ? withWayBack(publicUrl(req, loginUrl), ownAddress(req)) : home,
    comeBack: false,
    formsToo: true,
    error: new GuestRequired(isAnonymous ? 401 : 403),
  })
}

/** Sends a client away from the page that only a regular user may see. */
export function redirectNonRegular(
  loginUrl: string,
  isAnonymous: boolean,
  { req, res, next, pageUrl }: FlowRequest,
): void {
  redirectOrError(req, res, next, {
    url: isAnonymous ? publicUrl(req, loginUrl) : pageUrl('/'),
    comeBack: false,
    error: new RegularUserRequired(isAnonymous ? 401 : 403),
  })
}

/**
 * Converts the guest who asks. Their session as a guest ends with the guest: they are logged in with a new session id
 * (ASVS 5.0, 7.2.4), which keeps a visitor's pass and what the application has named.
 *
 * Of several requests at once, by a double click or from several tabs, one converts. The others have the same result for the
 * browser, if it is their own session that was renewed: the session has ended, and the user exists. A merge or a deletion that
 * came first ends the session too, and the user is gone.
 *
 * @returns whether this browser has the account
 * @throws {NotGuestError} if the guest was converted in another browser, or is gone
 */
export async function convertInSession<U extends Model>(
  { Guest, keepSessionData }: ConversionSettings<U>,
  req: Request,
  convert: () => Promise<U | undefined>,
): Promise<boolean> {
  requireRenewableSession(req, WHO) // before anything is changed
  // The second of two clicks converts, whose answer the browser takes: it has dropped this one, with the cookie of the login.
  if (hasGoneAway(req)) return false
  const guest = currentGuest(Guest, req)
  const withdrawNote = await noteSessionEnd(req, 'converted')
  let user: U | undefined
  try {
    user = await convert()
  } catch (error) {
    if (!(error instanceof NotGuestError) || (await waitForSessionEnd(req)) === undefined) {
      await withdrawNote()
      throw error
    }
    // The note stays: it is also that of the request which has ended the session.
    if (guest && (await userExists(Guest, guest))) return true
    throw error
  }
  if (user === undefined) {
    if ((await waitForSessionEnd(req)) !== undefined) return guest ? await userExists(Guest, guest) : false
    await withdrawNote()
    return false
  }
  // Noted again, because a parallel request that has failed may have taken back the note: it has the same name.
  shapeRenewal(req, WHO, { keep: [VISITOR_SESSION_KEY, ...keepSessionData], end: 'converted' })
  await settled((done) => {
    req.login(user, done)
  })
  return true
}

/**
 * Whether the guest has logged in to an account without a merge, or has left, in another tab: a form that has taken long must
 * not undo that. The guest is still there.
 */
export async function hasLeftMeanwhile(req: Request): Promise<boolean> {
  const end = await lateForEndedSession(req)
  return end === 'replaced' || end === 'logged-out'
}

/** Whether the users row is still there: a conversion keeps it, a merge or a deletion does not. */
export async function userExists<U extends Model>(Guest: GuestModel<U>, user: U): Promise<boolean> {
  const { User } = Guest[guestSettings]
  const options = { paranoid: false, useMaster: true, raw: false }
  return (await User.unscoped().findByPk(keyOf(user), options)) !== null
}
