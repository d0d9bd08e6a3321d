import type { NextFunction, Request, Response } from 'express'
import type { Model, ModelStatic } from 'sequelize'
import { GuestRequired } from '../../errors.js'
import { currentUser } from '../../http/passport-request.js'
import { ownAddress } from '../../http/address.js'
import { withQuery } from '../../http/query.js'
import { redirectOrError } from '../../http/answer.js'
import { VISITOR_SESSION_KEY } from '../../http/session.js'
import { shapeRenewal } from '../../http/session-renewal.js'
import { lateForEndedSession } from '../../http/stale-session.js'
import { guestSettings, type GuestModel } from '../guest.js'
import { guestOf } from '../guest-state.js'
import { ownPage, wayBack, WHO, type ConversionSettings } from './settings.js'

/**
 * The guest who asks; `null` for a regular user, `undefined` if nobody is logged in.
 *
 * @throws {GuestStateUnknown} if nobody has looked up what the user is
 */
export function currentGuest<U extends Model>(Guest: GuestModel<U>, req: Request): U | null | undefined {
  const user = currentUser(req)
  if (user === undefined) return undefined
  const { User } = Guest[guestSettings]
  return guestOf(req) !== null && isOf(User, user) ? user : null
}

/** `instanceof` knows an instance only as some `Model`. */
function isOf<U extends Model>(User: ModelStatic<U>, user: object): user is U {
  return user instanceof User
}

/**
 * Turns away who is no guest: people by a redirect, those who post a form too, and programs by the error. Who has pressed the
 * button twice, or logged in in another tab, is somebody by now whose new cookie this request did not have yet: they are
 * not asked to log in.
 */
export async function redirectNonGuest<U extends Model>(
  { loginUrl, registeredUrl }: ConversionSettings<U>,
  isAnonymous: boolean,
  [req, res, next]: readonly [Request, Response, NextFunction],
): Promise<void> {
  const end = isAnonymous ? await lateForEndedSession(req) : undefined
  const home = wayBack(req) ?? (end === 'converted' ? ownPage('/success', req) : registeredUrl)
  const isNobody = isAnonymous && end !== 'converted' && end !== 'merged'
  redirectOrError(req, res, next, {
    url: isNobody ? withQuery(loginUrl, 'next', ownAddress(req)) : home,
    comeBack: false,
    formsToo: true,
    error: new GuestRequired(isAnonymous ? 401 : 403),
  })
}

/**
 * Logs in who has just been converted: their session as a guest has ended with the guest. It gets a new id (ASVS 5.0,
 * 7.2.4), and keeps a visitor's pass and what the application has named.
 */
export async function openSession<U extends Model>(
  { keepSessionData }: ConversionSettings<U>,
  req: Request,
  user: U,
): Promise<void> {
  shapeRenewal(req, WHO, { keep: [VISITOR_SESSION_KEY, ...keepSessionData] })
  await new Promise<void>((resolve, reject) => {
    req.login(user, (error: unknown) => {
      if (error === undefined || error === null) resolve()
      else reject(error instanceof Error ? error : new Error('The login failed', { cause: error }))
    })
  })
}
