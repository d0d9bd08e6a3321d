import type { Request } from 'express'
import type { Attributes, Model } from 'sequelize'
import { NotGuestError } from '../../errors.js'
import { ownAddressWithCredentials } from '../../http/address.js'
import type { Answer, Confirmation, FlowRequest } from '../../pages/flow-declaration.js'
import { guestSettings } from '../guest.js'
import { keyOf } from '../user-key.js'
import { convertInSession, currentGuest } from './access.js'
import { convertGuest, isSettable } from './convert.js'
import { fieldOf, type Details } from './details.js'
import { noGuestPage, waysOn } from './flow.js'
import { confirmPage, refusedPage, verifiedPage, verifyMessages, type ConvertPage } from './pages.js'
import type { PendingConversion } from './pending-conversion.js'
import {
  completePendingConversion,
  findPendingConversion,
  isToken,
  provesAddress,
} from './pending-conversions.js'
import type { ConversionSettings } from './settings.js'
import { ValuesTaken, withTakenValues } from './taken.js'

/** A pending conversion, and the token that leads to it. */
interface Found {
  readonly pending: PendingConversion
  readonly token: string
}

/** The page with the button that the link in the message opens, on any device. */
export function conversionConfirmation<U extends Model>(
  settings: ConversionSettings<U>,
): Confirmation<Found, ConvertPage> {
  const { Guest, emailField, csrf } = settings
  return {
    async find(token, request) {
      if (!isToken(token)) return { page: refusedPage('incomplete', waysOn(settings, request)) }
      const pending = await findPendingConversion(Guest, token)
      if (pending !== undefined && provesAddress(pending, emailField)) return { pending, token }
      return { page: refusedPage('gone', waysOn(settings, request)) }
    },
    async showButton({ pending }, { req, res }) {
      const action = ownAddressWithCredentials(req)
      return { page: confirmPage(await accountOf(settings, pending), action, csrf(req, res)) }
    },
    async confirm(found, request) {
      try {
        return await convert(settings, found, request)
      } catch (error) {
        if (error instanceof NotGuestError)
          return { page: await noGuestPage(settings, found.pending.userId, request) }
        if (!(error instanceof ValuesTaken)) throw error
        const [attribute = ''] = error.attributes
        const causes: Readonly<Record<string, string>> = verifyMessages.takenMeanwhile
        const cause = causes[fieldOf(settings, attribute)] ?? verifyMessages.takenMeanwhileOther
        return { page: refusedPage('taken', waysOn(settings, request), cause) }
      }
    },
  }
}

/**
 * Logs in only the guest who asked, in the same session. A link logs no other client in: a person who typed in another's
 * address could make its owner use their account.
 */
async function convert<U extends Model>(
  settings: ConversionSettings<U>,
  found: Found,
  request: FlowRequest,
): Promise<Answer<ConvertPage>> {
  const { req, carried, pageUrl } = request
  if (isAskedBy(settings, found.pending, request)) {
    const isConverted = await convertInSession(settings, req, () => complete(settings, found, req))
    if (isConverted) return { redirectTo: carried ?? pageUrl('/success') }
  } else if ((await complete(settings, found, req)) !== undefined) {
    return { page: verifiedPage(waysOn(settings, request)) }
  }
  return { page: refusedPage('gone', waysOn(settings, request)) }
}

/** @throws {ValuesTaken} if another user has one of the values by now; nothing is changed then */
async function complete<U extends Model>(
  settings: ConversionSettings<U>,
  { pending: { userId, details }, token }: Found,
  req: Request,
): Promise<U | undefined> {
  const { Guest, emailField } = settings
  const { values, hash } = storedDetails(settings, details)
  const wanted = values as Partial<Attributes<U>>
  const verifiedEmail = String(values[emailField])
  return await withTakenValues(settings, { userId, values }, (refuseTaken) =>
    completePendingConversion(Guest, token, userId, (transaction) =>
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
