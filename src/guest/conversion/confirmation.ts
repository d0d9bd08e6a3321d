import type { Request } from 'express'
import type { Attributes, Model } from 'sequelize'
import { NotGuestError } from '../../errors.js'
import { ownAddressWithCredentials } from '../../http/address.js'
import { publicUrl } from '../../http/base-url.js'
import { requireSession, sessionOf } from '../../http/session.js'
import { lateForEndedSession, waitForSessionEnd } from '../../http/stale-session.js'
import type { Answer, Confirmation, FlowRequest } from '../../pages/flow-declaration.js'
import { guestSettings, type GuestModel } from '../guest.js'
import { findGuest } from '../statements.js'
import { keyOf } from '../user-key.js'
import { convertInSession, currentGuest, hasLeftMeanwhile, userExists } from './access.js'
import { convertGuest, isSettable } from './convert.js'
import { formFieldOf, type Details } from './details.js'
import { confirmPage, refusedPage, verifiedPage, type ConvertPage } from './pages.js'
import type { PendingConversion } from './pending-conversion.js'
import {
  completePendingConversion,
  findPendingConversion,
  hashOf,
  isToken,
  provesAddress,
} from './pending-conversions.js'
import { WHO, type ConversionSettings } from './settings.js'
import { ValuesTaken, refusingTakenValues } from './taken.js'
import { noGuestPage, waysOn } from './ways-on.js'

/** Where the session of the new account has the digest of the link by which it was made. */
const PRESSED_KEY = 'guest:pressed'

/** The page with the button that the link in the message opens, on any device. */
export function conversionConfirmation<U extends Model>(
  settings: ConversionSettings<U>,
): Confirmation<PendingConversion, ConvertPage> {
  const { Guest, emailField, csrf } = settings
  return {
    async find(token, request) {
      if (!isToken(token))
        return { page: refusedPage(request.context, 'incomplete', waysOn(settings, request)) }
      const pending = await findPendingConversion(Guest, hashOf(token))
      if (pending !== undefined && provesAddress(pending, emailField)) return pending
      if (await wasPressedHere(settings, token, request)) return successOf(request)
      return { page: refusedPage(request.context, 'gone', waysOn(settings, request)) }
    },
    async showButton(pending, { req, res, context }) {
      const action = ownAddressWithCredentials(req)
      return { page: confirmPage(context, await accountOf(settings, pending), action, csrf(req, res)) }
    },
    confirm: (pending, request) => confirmPending(settings, pending, request),
  }
}

/** Converts the guest of a pending conversion whose address is proven: the button was pressed, or the code typed. */
export async function confirmPending<U extends Model>(
  settings: ConversionSettings<U>,
  pending: PendingConversion,
  request: FlowRequest,
): Promise<Answer<ConvertPage>> {
  try {
    return await convert(settings, pending, request)
  } catch (error) {
    if (error instanceof NotGuestError) return { page: await noGuestPage(settings, pending.userId, request) }
    if (!(error instanceof ValuesTaken)) throw error
    const [attribute = ''] = error.attributes
    const { username, email, other } = request.context.words.conversion.taken
    const causes: Readonly<Record<string, string>> = { username, email }
    const cause = causes[formFieldOf(settings, attribute)] ?? other
    return { page: refusedPage(request.context, 'taken', waysOn(settings, request), cause) }
  }
}

/**
 * Logs in only the guest who asked, in the same session. A link logs no other client in: a person who typed in another's
 * address could make its owner use their account.
 */
async function convert<U extends Model>(
  settings: ConversionSettings<U>,
  pending: PendingConversion,
  request: FlowRequest,
): Promise<Answer<ConvertPage>> {
  const { req } = request
  if (isAskedBy(settings, pending, request)) {
    if (await hasLeftMeanwhile(req)) return { redirectTo: publicUrl(req, settings.registeredUrl) }
    const isConverted = await convertInSession(settings, req, () => complete(settings, pending, req))
    if (isConverted) {
      requireSession(req, WHO)[PRESSED_KEY] = pending.tokenHash
      return successOf(request)
    }
  } else if ((await complete(settings, pending, req)) !== undefined) {
    return { page: verifiedPage(request.context, waysOn(settings, request)) }
  }
  return { page: refusedPage(request.context, 'gone', waysOn(settings, request)) }
}

/**
 * Whether the button of this link, which is gone, was pressed in this browser: by a parallel request that has renewed the
 * session, or before, in another tab.
 */
async function wasPressedHere<U extends Model>(
  { Guest }: ConversionSettings<U>,
  token: string,
  { req }: FlowRequest,
): Promise<boolean> {
  const guest = currentGuest(Guest, req)
  if (guest === null) return sessionOf(req)?.[PRESSED_KEY] === hashOf(token)
  if (guest === undefined) return (await lateForEndedSession(req)) === 'converted'
  return await isConvertedMeanwhile(Guest, guest, req) // a guest who still is one has pressed the button of an old link
}

/** Whether a parallel request has converted the guest, and renewed this browser's session. */
export async function isConvertedMeanwhile<U extends Model>(
  Guest: GuestModel<U>,
  guest: U,
  req: Request,
): Promise<boolean> {
  if ((await findGuest(Guest, keyOf(guest))) !== undefined) return false
  return (await waitForSessionEnd(req)) === 'converted' && (await userExists(Guest, guest))
}

export function successOf({ carried, pageUrl }: FlowRequest): { readonly redirectTo: string } {
  return { redirectTo: carried ?? pageUrl('/success') }
}

/** @throws {ValuesTaken} if another user has one of the values by now; nothing is changed then */
async function complete<U extends Model>(
  settings: ConversionSettings<U>,
  pending: PendingConversion,
  req: Request,
): Promise<U | undefined> {
  const { Guest, emailField } = settings
  const { userId, details } = pending
  const { values, hash } = storedDetails(settings, details)
  const wanted = values as Partial<Attributes<U>>
  const verifiedEmail = String(values[emailField])
  return await refusingTakenValues(settings, { userId, values }, (refuseTaken) =>
    completePendingConversion(Guest, pending, (transaction) =>
      convertGuest(Guest, userId, wanted, { transaction, verifiedEmail, req }, { hash, refuseTaken }),
    ),
  )
}

/** The details of a pending conversion. An attribute can have been removed from the model since. */
function storedDetails<U extends Model>(
  { Guest, passwordField }: ConversionSettings<U>,
  stored: PendingConversion['details'],
): Details {
  const { User } = Guest[guestSettings]
  const details = Object.entries(stored).filter(([name]) => isSettable(User, name))
  return {
    values: Object.fromEntries(details.filter(([name]) => name !== passwordField)),
    hash: Object.fromEntries(details.filter(([name]) => name === passwordField)),
  }
}

function isAskedBy<U extends Model>(
  { Guest }: ConversionSettings<U>,
  { userId }: PendingConversion,
  { req }: FlowRequest,
): boolean {
  const guest = currentGuest(Guest, req)
  return guest !== null && guest !== undefined && String(keyOf(guest)) === String(userId)
}

/** The account that is going to exist, for the page. */
async function accountOf<U extends Model>(
  { Guest, emailField }: ConversionSettings<U>,
  { userId, details }: PendingConversion,
): Promise<{ username: string; email: string }> {
  const { User, usernameField } = Guest[guestSettings]
  const email = String(details[emailField])
  const asked = details[usernameField]
  if (typeof asked === 'string') return { username: asked, email }
  const user = await User.unscoped().findByPk(userId, { useMaster: true, raw: false })
  const current: unknown = user?.get(usernameField)
  return { username: typeof current === 'string' ? current : '', email }
}
