import createDebug from 'debug'
import type { Request } from 'express'
import type { Model } from 'sequelize'
import { baseOf } from '../../http/base-url.js'
import { MessageNotSent, warnOfUnsent } from '../../pages/message-not-sent.js'
import { withQuery } from '../../http/query.js'
import { guestSettings } from '../guest.js'
import { keyOf } from '../user-key.js'
import type { Refusal } from './controller.js'
import { detailsOf, takenFields, validateDetails } from './details.js'
import { mailboxOf, NO_ADDRESS, type ConvertValues } from './schema.js'
import { ownPage, WHO, type ConversionSettings, type Verification } from './settings.js'
import { deletePendingConversion, savePendingConversion } from './pending-conversions.js'

const debug = createDebug('passport-ephemeral:convert')

/** One guest's form, valid as far as the schema can tell. */
interface Asked<U extends Model> {
  readonly guest: U
  readonly checked: ConvertValues
  readonly req: Request
}

/**
 * Notes what the guest pending conversions to become and sends the link by which they become it, or says why not.
 *
 * With `sendTaken`, an address that has an account is treated like any other, up to who is written to: the same
 * statements, the same hashing, and the link that the guest had before is dead either way.
 *
 * @throws {NotGuestError} if they are no guest any more
 * @throws {ValidationError} Sequelize's, if the users model would not take it
 */
export async function askToVerify<U extends Model>(
  settings: ConversionSettings<U>,
  verification: Verification<U>,
  { guest, checked, req }: Asked<U>,
): Promise<Refusal | undefined> {
  const { formLimits } = settings
  const email = addressOf(checked)
  if (email === undefined) return { status: 422, errors: { email: NO_ADDRESS } }
  if (await formLimits.isAddressOver(req, email)) return TOO_MANY

  const details = await detailsOf(settings, { ...checked, email })
  await validateDetails(settings, guest, details)
  const { email: addressTaken, ...taken } = await takenFields(settings, guest, details)
  const { sendTaken } = verification
  const errors = {
    ...taken,
    ...(addressTaken !== undefined && sendTaken === undefined && { email: addressTaken }),
  }
  if (Object.keys(errors).length > 0) return { status: 422, errors }

  const { Guest } = settings
  const { expiresIn } = verification
  const userId = keyOf(guest)
  const token = await savePendingConversion(Guest, { userId, email, details, expiresIn })
  try {
    if (addressTaken !== undefined) await sendTaken?.({ email, req })
    else {
      const { usernameField } = Guest[guestSettings]
      const username = String(details[usernameField] ?? guest.get(usernameField))
      await verification.send({ email, username, user: guest, link: linkOf(verification, token, req), req })
    }
  } catch (cause) {
    await deletePendingConversion(Guest, userId, token).catch((error: unknown) => {
      debug('a pending stays of which nobody was told: %o', error)
    })
    warnOfUnsent(WHO, 'CONVERT_SEND_FAILED', new MessageNotSent(cause))
    await formLimits.takeBackAddress(email)
    return NOT_SENT
  }
  return undefined
}

/** A schema that is not the compiler's business can give anything. */
function addressOf({ email }: { readonly email?: unknown }): string | undefined {
  if (typeof email !== 'string') throw new TypeError(`${WHO}: the schema's result has no email`)
  return mailboxOf(email)
}

function linkOf<U extends Model>({ baseUrl }: Verification<U>, token: string, req: Request): string {
  return withQuery(baseOf(WHO, baseUrl, req) + ownPage('/verify', req), 'token', token)
}

const TOO_MANY: Refusal = {
  status: 429,
  errors: { '': 'Too many links were asked for. Please look into your mailbox, or try again later.' },
}
const NOT_SENT: Refusal = {
  status: 503,
  errors: { '': 'We could not send the message just now. Please try again in a moment.' },
}
