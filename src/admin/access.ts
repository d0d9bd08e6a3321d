import type { Request } from 'express'
import { EphemeralError, GuestStateUnknown } from '../errors.js'
import { guestModelOf, knownGuest } from '../guest/guest-state.js'
import { currentUser } from '../http/passport-request.js'
import type { AdminSettings } from './options.js'

/** What a person may do on the operator's pages. */
export type Access = 'full' | 'readOnly'

/** `adminRouter` refused the request: `authorize` did not admit it, or a guest is logged in. */
export class AdminAccessDenied extends EphemeralError {
  static override readonly code = 'ERR_ADMIN_ACCESS_DENIED'
  override readonly status = 403

  constructor() {
    super('This page is for the people who run this application')
  }
}

/**
 * What the client may do; `undefined`: nothing. A guest made itself, so that an `authorize` that asks only whether a user is
 * logged in must not admit one.
 *
 * @throws {GuestStateUnknown} if the user's model has guests, and neither `Guest.deserializeUser` nor `loadGuest` has seen the user
 * @throws what `authorize` throws
 */
export async function accessOf(
  req: Request,
  { authorize }: Pick<AdminSettings, 'authorize'>,
): Promise<Access | undefined> {
  const user = currentUser(req)
  if (user !== undefined) {
    const guest = knownGuest(user)
    if (guest === undefined && guestModelOf(user) !== undefined) throw new GuestStateUnknown('not-looked-up')
    if (guest) return undefined
  }
  const answer: unknown = await authorize(req)
  if (answer === true) return 'full'
  return answer === 'readOnly' ? 'readOnly' : undefined
}
