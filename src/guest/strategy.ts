import createDebug from 'debug'
import type { Request } from 'express'
import { Strategy } from 'passport-strategy'
import type { Model, Transaction } from 'sequelize'
import { announce } from '../events/events.js'
import { GuestLimitExceeded, GuestNotVerified } from '../errors.js'
import { aBoolean, aFunction, aString, checkOptions, either, strings } from '../options.js'
import {
  currentUser,
  loginOf,
  requireRestoredLogin,
  type AuthenticateOptions,
} from '../http/passport-request.js'
import { clientKey } from '../http/client-network.js'
import { aLimiter, aLimiterFailure, consume, type Limiter, type LimiterFailure } from '../http/limiter.js'
import { keepOutOfSharedCaches } from '../http/caching.js'
import { watchAnswer } from '../http/late-answer.js'
import { requireRenewableSession, sessionOf, settled, VISITOR_SESSION_KEY } from '../http/session.js'
import { shapeRenewal } from '../http/session-renewal.js'
import { hasBotAgent, leftStrictCookieAtHome, trustedOriginsRule } from '../http/origin.js'
import { returnSameSite } from '../pages/returning-page.js'
import { askVerify, VerifyUnavailable, type Verify } from '../pages/verify.js'
import { checkGuestIsRemembered, guestStateCheck, limiterCheck } from '../checks/runtime/order-checks.js'
import { requestChecks, validationsRule, type Validations } from '../checks/runtime/request-checks.js'
import { sessionChecks } from '../checks/runtime/session-checks.js'
import type { GuestRefusal } from './events.js'
import { guestRecipe, type GuestRecipe } from './create.js'
import { makeOrJoinGuest } from './make-or-join-guest.js'
import { guestModel, type Guest, type GuestModel } from './guest.js'
import { isUserOf, knownGuest, requireUserOf } from './guest-state.js'
import { recordOpenedAsGuest } from './load-guest.js'
import { meet, sessionNameOf } from './session.js'
import { FOREIGN, isOvertaken, reasonForNone, type Conditions } from './reason-for-none.js'
import type { UsernameGenerator } from './usernames.js'
import { explainMissingTable } from '../database/driver-error.js'

const debug = createDebug('passport-ephemeral:guest')
const WHO = "passport.authenticate('guest')"

/** Options of {@link GuestStrategy}. */
export interface GuestStrategyOptions<U extends Model, G extends Guest = Guest> {
  /** The model, from `defineGuestModel`. */
  Guest: GuestModel<U, G>
  /** Whether guests are made; asked for each request if it is a function. @default true */
  enabled?: boolean | ((req: Request) => boolean | Promise<boolean>)
  /** Who gets no guest: crawlers. @default what the `isbot` package says of the User-Agent, curl included; and clients without one */
  isBot?: (req: Request) => boolean | Promise<boolean>
  /** @default uuidUsername */
  generateUsername?: UsernameGenerator
  /**
   * Makes the users row, where a username alone is not enough: a column that must not be null, say. Runs inside the
   * transaction, possibly more than once: pass the transaction on, and do nothing that it cannot undo.
   * @default `User.create({ [usernameField]: username })`; if `User` requires an `email`, with `guestEmail(username)`
   */
  createUser?: (context: { username: string; req: Request; transaction: Transaction }) => U | Promise<U>
  /** Runs in the transaction, once user and guest are there; a throw undoes both. @default nothing */
  onCreate?: (context: { user: U; guest: G; req: Request; transaction: Transaction }) => unknown
  /**
   * Called before a guest is made, with the client's address (`req.ip`; of IPv6 the /64). Over the limit, the answer is
   * 429.
   * @default no limit
   */
  limiter?: Limiter
  /** Whether guests are made while the limiter fails. @default 'open' */
  limiterFailure?: LimiterFailure
  /** Called before a guest is made, after the limiter: a captcha, for example. Unless it returns `true`, the answer is 403; if it throws, 503. @default no check */
  verify?: Verify
  /** Keys of the anonymous session that survive its renewal. A visitor's pass always does. @default [] */
  keepSessionData?: readonly string[]
  /** Origins of other sites whose requests make guests although no link is followed. @default [] */
  trustedOrigins?: readonly string[]
  /** The name under which Passport knows the strategy. @default 'guest' */
  name?: string
  /** Which of the checks of the first requests run; `docs/doctor.md` lists them. @default true: all of them */
  validations?: Validations
}

/**
 * Gives every request a user: a logged-in user passes, unless they are of another model that has guests, too; an anonymous
 * client gets a real, temporary users row and is logged in with it. Bots, HEAD requests, prefetches, requests of foreign sites
 * and guests who have just left by `guestLogout` pass as anonymous, and so do all requests when it is disabled.
 *
 * @example
 * passport.use(new GuestStrategy({ Guest }))
 * app.get('/play', passport.authenticate('guest'), play)
 *
 * @throws {TypeError} at start-up, naming the option that is wrong
 */
export class GuestStrategy<U extends Model = Model, G extends Guest = Guest> extends Strategy {
  readonly name: string
  private readonly settings: Settings<U, G>
  private readonly look: (req: Request) => void
  private readonly lookAtForgotten: (req: Request) => void

  constructor(options: GuestStrategyOptions<U, G>) {
    super()
    checkOptions(
      'GuestStrategy',
      options,
      {
        Guest: guestModel,
        enabled: either(aBoolean, aFunction),
        isBot: aFunction,
        generateUsername: aFunction,
        createUser: aFunction,
        onCreate: aFunction,
        limiter: aLimiter,
        limiterFailure: aLimiterFailure,
        verify: aFunction,
        keepSessionData: strings,
        trustedOrigins: trustedOriginsRule,
        name: aString,
        validations: validationsRule,
      },
      ['Guest'],
    )
    const { Guest, enabled = true, generateUsername, createUser, onCreate, limiter } = options
    const hooks = { generateUsername, createUser, onCreate }
    this.name = options.name ?? 'guest'
    this.settings = {
      ...options,
      isBot: options.isBot ?? hasBotAgent,
      trustedOrigins: options.trustedOrigins ?? [],
      enabled: typeof enabled === 'function' ? enabled : () => enabled,
      keepSessionData: [VISITOR_SESSION_KEY, ...(options.keepSessionData ?? [])],
      // A strategy that is switched off may lack what it would need.
      recipe:
        enabled === false ? undefined : guestRecipe<U, G, { req: Request }>('GuestStrategy', Guest, hooks),
    }
    const isKnown = (user: object): boolean => !isUserOf(Guest, user) || knownGuest(user) !== undefined
    const checks = [...sessionChecks, guestStateCheck(isKnown), limiterCheck(limiter)]
    this.look = requestChecks(WHO, checks, options.validations)
    this.lookAtForgotten = requestChecks(WHO, [checkGuestIsRemembered], options.validations)
  }

  /** Passport calls it; it answers by exactly one of `pass`, `success`, `fail` and `error`. */
  override authenticate(req: Request, options: AuthenticateOptions = {}): void {
    // Passport writes these onto an object that parallel requests can share: take them before anything is awaited.
    // They are closures of its own, not methods.
    // eslint-disable-next-line @typescript-eslint/unbound-method
    const { success, pass, fail: refuse, error } = this
    const fail = (cause: unknown): void => {
      error(explainMissingTable(cause))
    }
    keepOutOfSharedCaches(req.res)
    this.admit(req, options).then((user) => {
      try {
        if (user === 'answered') return
        if (user !== undefined) success(user)
        else if (options.property !== undefined && currentUser(req) === undefined) refuse(401)
        else pass()
      } catch (cause) {
        fail(cause)
      }
    }, fail)
  }

  /** The user whom Passport is to log in, or to hand on; `undefined` to pass; 'answered' if the browser is to come again. */
  private async admit(
    req: Request,
    { session, assignProperty, property }: AuthenticateOptions,
  ): Promise<object | 'answered' | undefined> {
    watchAnswer(req, this.settings)
    this.look(req)
    meet(this.settings.Guest, req)
    const current = currentUser(req)
    if (current !== undefined) requireUserOf(this.settings.Guest, current)
    // With `session: false` Passport only hands the user on; otherwise it would renew the session.
    if (current !== undefined) return session === false || property !== undefined ? current : undefined
    const { Guest, recipe, limiter, limiterFailure, verify, keepSessionData } = this.settings
    const reason = await reasonForNone(req, this.settings)
    if (reason !== undefined || recipe === undefined) {
      debug('no guest made: %s', reason)
      if (reason === FOREIGN) announce(Guest.events, 'refused', { reason: 'foreign-request', req })
      return undefined
    }
    // A guard of NestJS has `session: false` by default, and does not log in.
    const isGuardWithSession = property !== undefined && sessionOf(req) !== undefined
    const logsIn =
      isGuardWithSession || (session !== false && assignProperty === undefined && property === undefined)
    if (logsIn) {
      requireRenewableSession(req, WHO)
      requireRestoredLogin(req, WHO)
      if (req.res !== undefined && leftStrictCookieAtHome(req)) return await returnSameSite(req, req.res)
    }
    const over = await consume(req, limiter, clientKey(req), limiterFailure)
    if (over !== undefined) this.refuse('limit', req, new GuestLimitExceeded(over.retryAfter))
    const unverified = await askVerify('GuestStrategy', verify, req)
    if (unverified?.status === 403) this.refuse('not-verified', req, new GuestNotVerified())
    if (unverified?.status === 503) this.refuse('not-verified', req, new VerifyUnavailable(unverified.cause))
    const user = await makeOrJoinGuest(Guest, recipe({ req }), req, keepSessionData)
    // Checks and hooks of the application can take long. The clean-up deletes such a guest.
    if (logsIn && (await isOvertaken(req, Guest))) return undefined
    let isLoggedIn = false
    if (logsIn) {
      shapeRenewal(req, WHO, {
        keep: keepSessionData,
        end: 'guest',
        model: sessionNameOf(Guest),
        then: () => {
          recordOpenedAsGuest(Guest, req, user)
          isLoggedIn = true
        },
      })
    }
    req.res?.once('finish', () => {
      if (!isLoggedIn) this.lookAtForgotten(req)
    })
    if (isGuardWithSession) await settled((done) => loginOf(req)?.call(req, user, {}, done))
    return user
  }

  private refuse(reason: GuestRefusal, req: Request, error: Error): never {
    announce(this.settings.Guest.events, 'refused', { reason, req })
    throw error
  }
}

/** The options, defaults filled in. */
interface Settings<U extends Model, G extends Guest>
  extends
    Pick<GuestStrategyOptions<U, G>, 'Guest' | 'limiter' | 'limiterFailure' | 'verify'>,
    Omit<Conditions, 'Guest'> {
  readonly recipe: ((extra: { req: Request }) => GuestRecipe<U>) | undefined
  readonly keepSessionData: readonly string[]
}
