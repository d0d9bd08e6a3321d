import type { NextFunction, Request, RequestHandler, Response } from 'express'
import { checkPassportSession } from '../checks/runtime/order-checks.js'
import { requestChecks, validationsRule, type Validations } from '../checks/runtime/request-checks.js'
import { GuestRequired, RegularUserRequired } from '../errors.js'
import { redirectOrError } from '../http/answer.js'
import { publicUrl } from '../http/base-url.js'
import { keepOutOfSharedCaches } from '../http/caching.js'
import { watchAnswer } from '../http/late-answer.js'
import { aLocalUrl, checkOptions } from '../options.js'
import { guestModel, type GuestModel } from './guest.js'
import { guestFor } from './guest-state.js'

/** A guard that works bare, as a middleware, and called with options, which returns one. */
interface Guard<Options> {
  (req: Request, res: Response, next: NextFunction): undefined
  (options?: Options): RequestHandler
}

/** Options of {@link ensureGuest}. */
export interface EnsureGuestOptions {
  /** The model whose users are admitted, in an application with two of them. A user of the other counts as anonymous. @default any */
  Guest?: GuestModel
  /** Where an anonymous request is redirected; paths begin where the application lives (`baseUrl`). @default '/login' */
  loginUrl?: string
  /** Where a regular user is redirected. @default '/' */
  registeredUrl?: string
  /** Which of the checks of the first requests run; `docs/doctor.md` lists them. @default true: all of them */
  validations?: Validations
}

/** Options of {@link ensureRegularUser}. */
export interface EnsureRegularUserOptions {
  /** The model whose users are admitted, in an application with two of them. A user of the other counts as anonymous. @default any */
  Guest?: GuestModel
  /**
   * Where an anonymous request is redirected, with `?next=` to come back; paths begin where the application lives (`baseUrl`).
   * @default '/login'
   */
  loginUrl?: string
  /** Where a guest is redirected, with `?next=` to come back. @default '/convert' */
  convertUrl?: string
  /** Which of the checks of the first requests run; `docs/doctor.md` lists them. @default true: all of them */
  validations?: Validations
}

/**
 * Admits guests only. A GET that prefers HTML is redirected; anything else gets a {@link GuestRequired} through
 * `next`: 401 for an anonymous request, 403 for a regular user. Works bare, and called with options. No query.
 *
 * @example
 * app.get('/why-join', ensureGuest, whyJoin)
 * app.get('/tour', ensureGuest({ loginUrl: '/start' }), tour)
 *
 * @throws {TypeError} at start-up, naming the option that is wrong
 */
export const ensureGuest: Guard<EnsureGuestOptions> = bareOrCalled((options) => {
  checkOptions('ensureGuest', options, {
    Guest: guestModel,
    loginUrl: aLocalUrl,
    registeredUrl: aLocalUrl,
    validations: validationsRule,
  })
  const { loginUrl = '/login', registeredUrl = '/', validations } = options
  const look = requestChecks('ensureGuest', [checkPassportSession], validations)

  return function guestGuard(req, res, next) {
    keepOutOfSharedCaches(res)
    watchAnswer(req)
    look(req)
    const guest = guestFor(options.Guest, req)
    if (guest) {
      next()
      return
    }
    const isAnonymous = guest === undefined
    redirectOrError(req, res, next, {
      url: publicUrl(req, isAnonymous ? loginUrl : registeredUrl),
      comeBack: false,
      error: new GuestRequired(isAnonymous ? 401 : 403),
    })
  }
})

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
export const ensureRegularUser: Guard<EnsureRegularUserOptions> = bareOrCalled((options) => {
  checkOptions('ensureRegularUser', options, {
    Guest: guestModel,
    loginUrl: aLocalUrl,
    convertUrl: aLocalUrl,
    validations: validationsRule,
  })
  const { loginUrl = '/login', convertUrl = '/convert', validations } = options
  const look = requestChecks('ensureRegularUser', [checkPassportSession], validations)

  return function regularUserGuard(req, res, next) {
    keepOutOfSharedCaches(res)
    watchAnswer(req)
    look(req)
    const guest = guestFor(options.Guest, req)
    if (guest === null) {
      next()
      return
    }
    const isAnonymous = guest === undefined
    redirectOrError(req, res, next, {
      url: publicUrl(req, isAnonymous ? loginUrl : convertUrl),
      comeBack: true,
      error: new RegularUserRequired(isAnonymous ? 401 : 403),
    })
  }
})

/** Makes a guard of the function that makes its middleware from options. */
function bareOrCalled<Options extends object>(
  make: (options: Partial<Options>) => RequestHandler,
): Guard<Options> {
  let bare: RequestHandler | undefined // made when it is used as one: what is made has requests checked
  function guard(req: Request, res: Response, next: NextFunction): undefined
  function guard(options?: Options): RequestHandler
  function guard(
    first: Partial<Options> | Request = {},
    res?: Response,
    next?: NextFunction,
  ): RequestHandler | undefined {
    if (res === undefined || next === undefined) return make(first as Partial<Options>)
    bare ??= make({})
    bare(first as Request, res, next)
    return undefined
  }
  return guard
}
