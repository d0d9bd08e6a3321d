import type { NextFunction, Request, RequestHandler, Response } from 'express'
import { GuestRequired } from '../errors.js'
import { aLocalUrl, checkOptions } from '../options.js'
import { redirectOrError } from '../http/answer.js'
import { checkPassportSession } from '../checks/runtime/order-checks.js'
import { requestChecks, validationsRule, type Validations } from '../checks/runtime/request-checks.js'
import { guestOf } from './guest-state.js'

/** Options of {@link ensureGuest}. */
export interface EnsureGuestOptions {
  /** Where an anonymous request is redirected. @default '/login' */
  anonymousUrl?: string
  /** Where a regular user is redirected. @default '/' */
  registeredUrl?: string
  /** Which of the checks of the first requests run; `docs/doctor.md` lists them. @default true: all of them */
  validations?: Validations
}

/**
 * Admits guests only. A GET that prefers HTML is redirected; anything else gets a {@link GuestRequired} through
 * `next`: 401 for an anonymous request, 403 for a regular user. Works bare, and called with options. No query.
 *
 * @example
 * app.get('/why-join', ensureGuest, whyJoin)
 * app.get('/tour', ensureGuest({ anonymousUrl: '/start' }), tour)
 *
 * @throws {TypeError} at start-up, naming the option that is wrong
 */
export function ensureGuest(req: Request, res: Response, next: NextFunction): undefined
export function ensureGuest(options?: EnsureGuestOptions): RequestHandler
export function ensureGuest(
  first?: EnsureGuestOptions | Request,
  res?: Response,
  next?: NextFunction,
): RequestHandler | undefined {
  if (res === undefined || next === undefined) return makeGuard(first as EnsureGuestOptions | undefined)
  bare(first as Request, res, next)
  return undefined
}

const bare = makeGuard()

function makeGuard(options: EnsureGuestOptions = {}): RequestHandler {
  checkOptions('ensureGuest', options, {
    anonymousUrl: aLocalUrl,
    registeredUrl: aLocalUrl,
    validations: validationsRule,
  })
  const { anonymousUrl = '/login', registeredUrl = '/' } = options

  const look = requestChecks('ensureGuest', [checkPassportSession], options.validations)

  function guestGuard(req: Request, res: Response, next: NextFunction): void {
    look(req)
    const guest = guestOf(req)
    if (guest) {
      next()
      return
    }
    const anonymous = guest === undefined
    redirectOrError(req, res, next, {
      url: anonymous ? anonymousUrl : registeredUrl,
      comeBack: false,
      error: new GuestRequired(anonymous ? 401 : 403),
    })
  }
  return guestGuard
}
