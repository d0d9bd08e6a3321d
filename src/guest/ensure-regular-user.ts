import type { NextFunction, Request, RequestHandler, Response } from 'express'
import { RegularUserRequired } from '../errors.js'
import { aLocalUrl, checkOptions } from '../options.js'
import { redirectOrError } from '../http/answer.js'
import { checkPassportSession } from '../checks/runtime/order-checks.js'
import { requestChecks, validationsRule, type Validations } from '../checks/runtime/request-checks.js'
import { guestOf } from './guest-state.js'

/** Options of {@link ensureRegularUser}. */
export interface EnsureRegularUserOptions {
  /** Where an anonymous request is redirected, with `?next=` to come back. @default '/login' */
  loginUrl?: string
  /** Where a guest is redirected, with `?next=` to come back. @default '/convert' */
  convertUrl?: string
  /** Which of the checks of the first requests run; `docs/doctor.md` lists them. @default true: all of them */
  validations?: Validations
}

/**
 * Admits regular users only: no guests. A GET that prefers HTML is redirected; anything else gets a
 * {@link RegularUserRequired} through `next`: 401 for an anonymous request, 403 for a guest. Works bare, and called
 * with options. No query.
 *
 * @example
 * app.get('/settings', ensureRegularUser, settings)
 * app.get('/billing', ensureRegularUser({ convertUrl: '/join' }), billing)
 *
 * @throws {TypeError} at start-up, naming the option that is wrong
 */
export function ensureRegularUser(req: Request, res: Response, next: NextFunction): undefined
export function ensureRegularUser(options?: EnsureRegularUserOptions): RequestHandler
export function ensureRegularUser(
  first?: EnsureRegularUserOptions | Request,
  res?: Response,
  next?: NextFunction,
): RequestHandler | undefined {
  if (res === undefined || next === undefined) return makeGuard(first as EnsureRegularUserOptions | undefined)
  bare(first as Request, res, next)
  return undefined
}

const bare = makeGuard()

function makeGuard(options: EnsureRegularUserOptions = {}): RequestHandler {
  checkOptions('ensureRegularUser', options, {
    loginUrl: aLocalUrl,
    convertUrl: aLocalUrl,
    validations: validationsRule,
  })
  const { loginUrl = '/login', convertUrl = '/convert' } = options

  const look = requestChecks('ensureRegularUser', [checkPassportSession], options.validations)

  function regularUserGuard(req: Request, res: Response, next: NextFunction): void {
    look(req)
    const guest = guestOf(req)
    if (guest === null) {
      next()
      return
    }
    const anonymous = guest === undefined
    redirectOrError(req, res, next, {
      url: anonymous ? loginUrl : convertUrl,
      comeBack: true,
      error: new RegularUserRequired(anonymous ? 401 : 403),
    })
  }
  return regularUserGuard
}
