import type { RequestHandler } from 'express'
import type { Model, ModelStatic } from 'sequelize'
import { sequelizeOf } from '../../database/columns.js'
import { MiddlewareOrder } from '../../errors.js'
import { InvalidOption } from '../../invalid-option.js'
import { aFunction, aList, checkOptions, describeBy, either, oneOf, type Rule } from '../../options.js'
import { loginOf, requireRestoredLogin } from '../../http/passport-request.js'
import { watchAnswer } from '../../http/late-answer.js'
import { trustedOriginsRule } from '../../http/origin.js'
import { checkPassportSession } from '../../checks/runtime/order-checks.js'
import { requestChecks, validationsRule, type Validations } from '../../checks/runtime/request-checks.js'
import { guestModel, guestSettings, type GuestModel } from '../guest.js'
import { everythingOf, reassignedOf, type Belonging, type Reassigned } from './belongings.js'
import { meet } from '../session.js'
import { interceptLogin, type AccountOf } from './intercept-login.js'
import { isModel, tableOf } from './references.js'
import { merge, type MergeContext, type MergeRecipe } from './merge-transaction.js'
import type { MergeConflict } from './conflicts.js'

export type { KeptRow, MergeConflict, MergeConflictRows } from './conflicts.js'
export type { MergeContext } from './merge-transaction.js'
export type { Reassigned } from './belongings.js'

/** Options of {@link mergeGuest}. */
export interface MergeGuestOptions<U extends Model> {
  /** The model, from `defineGuestModel`. */
  Guest: GuestModel<U>
  /**
   * The models whose rows go to the account; those of all others go with the guest, as your foreign keys say.
   * @default every model with an association to `User`, whichever side declares it
   */
  reassign?: readonly Reassigned[]
  /** Runs in the transaction, once everything is moved and before the guest is deleted; a throw undoes it all. @default nothing */
  onMerge?: (context: MergeContext<U>) => unknown
  /**
   * What becomes of two rows of which a unique index (or `hasOne`) lets the account have one. For all models, or by
   * model name.
   * @default 'keep-account'
   */
  conflict?: MergeConflict | Readonly<Record<string, MergeConflict>>
  /**
   * The account's primary key, where your application gives `req.login` something else than an instance of `User`: a row read
   * with `raw: true`, a profile. `null` for a login to no account of this model: nothing is merged. May be async.
   * @default the account that has the object's primary key and username, and every other text of the object
   */
  accountOf?: AccountOf
  /**
   * Origins of other sites that may post to your login in a guest's name: of an identity provider that answers by a form
   * (SAML, `response_mode=form_post`), say.
   * @default []
   */
  trustedOrigins?: readonly string[]
  /** Which of the checks of the first requests run; `docs/doctor.md` lists them. @default true: all of them */
  validations?: Validations
}

const aConflictRule = either(oneOf('keep-account', 'keep-guest'), aFunction)
const aConflict: Rule = {
  expected: `${aConflictRule.expected}, or an object of these by model name`,
  test: (value) =>
    aConflictRule.test(value) ||
    (typeof value === 'object' && value !== null && Object.values(value).every(aConflictRule.test)),
  describe(value) {
    if (typeof value !== 'object' || value === null) return aConflictRule.describe?.(value)
    const [name, rule] = Object.entries(value).find(([, each]) => !aConflictRule.test(each)) ?? []
    return `an object whose ${String(name)} is ${describeBy(aConflictRule, rule)}`
  },
}
const reassigned: Rule = {
  expected: 'a non-empty array of models, or of { model, foreignKey }',
  test: (value) =>
    aList.test(value) &&
    (value as readonly unknown[]).every((entry) => {
      const { model, foreignKey } = (entry ?? {}) as {
        readonly model?: unknown
        readonly foreignKey?: unknown
      }
      return isModel(entry) || (isModel(model) && typeof foreignKey === 'string')
    }),
  describe: (value) =>
    Array.isArray(value) && value.some((entry) => typeof entry === 'string')
      ? "names of models: write [Todo] rather than ['Todo']"
      : undefined,
}

/**
 * A guest who logs in to an account that exists keeps their things: whichever way they log in, by any strategy or by
 * `req.login`. In one transaction, before the session of the account exists, what belongs to the guest goes to the account,
 * `onMerge` runs, and the guest is deleted. If that fails nothing is changed and the login does not happen: its callback
 * gets `MergeFailed`. Put it after `passport.session()` and before all that logs in, a "remember me" middleware included.
 *
 * @example
 * app.use(passport.session())
 * app.use(mergeGuest({ Guest, reassign: [Cart, Order] }))
 *
 * @throws {TypeError} at start-up, naming the option that is wrong
 */
export function mergeGuest<U extends Model>(options: MergeGuestOptions<U>): RequestHandler {
  checkOptions(
    'mergeGuest',
    options,
    {
      Guest: guestModel,
      reassign: reassigned,
      onMerge: aFunction,
      conflict: aConflict,
      accountOf: aFunction,
      trustedOrigins: trustedOriginsRule,
      validations: validationsRule,
    },
    ['Guest'],
  )
  const { Guest, reassign, conflict, onMerge, accountOf, trustedOrigins = [] } = options
  const look = requestChecks('mergeGuest', [checkPassportSession], options.validations)

  function findBelongings(): Belonging[] {
    const found = reassign === undefined ? everythingOf(Guest) : reassignedOf(Guest, reassign)
    checkConflict(Guest, conflict, found)
    return found
  }
  // Mistakes show now. Models can be associated later, so the first merge looks again.
  if (reassign === undefined) checkConflict(Guest, conflict)
  else findBelongings()
  let belongings: readonly Belonging[] | undefined
  const recipe: MergeRecipe<U> = {
    Guest,
    belongings: () => (belongings ??= findBelongings()),
    isNamed: reassign !== undefined,
    conflictOf: conflictRule(Guest, conflict),
    onMerge,
  }

  const guestMerger: RequestHandler = (req, _res, next) => {
    watchAnswer(req, { trustedOrigins })
    look(req)
    const login = loginOf(req)
    if (login === undefined) {
      throw new MiddlewareOrder(
        'mergeGuest met a request without req.login: put app.use(passport.session()) before it',
      )
    }
    requireRestoredLogin(req, 'mergeGuest')
    meet(Guest, req)
    interceptLogin(req, login, { Guest, trustedOrigins, accountOf, merge: (pair) => merge(recipe, pair) })
    next()
  }
  return guestMerger
}

/** @throws {TypeError} if a rule is for a model of which no row is ever in the way of another; which do move may not be known yet */
function checkConflict(
  Guest: GuestModel,
  conflict: MergeGuestOptions<Model>['conflict'],
  belongings?: readonly Belonging[],
): void {
  if (typeof conflict !== 'object') return
  const sequelize = sequelizeOf(Guest)
  const { User } = Guest[guestSettings]
  for (const name of Object.keys(conflict)) {
    const names = `mergeGuest: option 'conflict' names`
    if (!sequelize.isDefined(name))
      throw new InvalidOption(`${names} a model '${name}', which is not defined`)
    const table = tableOf(sequelize.model(name))
    if (table === tableOf(User))
      throw new InvalidOption(`${names} ${name}, of which no row is ever deleted for another`)
    if (belongings?.every(({ model }) => tableOf(model) !== table)) {
      throw new InvalidOption(
        `${names} ${name}, of which no row moves: associate it with ${User.name}, or name it in 'reassign'`,
      )
    }
  }
}

/** By table, not by model: of two models on one table either may be the one that moves. */
function conflictRule(
  Guest: GuestModel,
  conflict: MergeGuestOptions<Model>['conflict'] = 'keep-account',
): (model: ModelStatic<Model>) => MergeConflict {
  if (typeof conflict !== 'object') return () => conflict
  const sequelize = sequelizeOf(Guest)
  const rules = new Map(
    Object.entries(conflict).map(([name, rule]) => [tableOf(sequelize.model(name)), rule]),
  )
  return (model) => rules.get(tableOf(model)) ?? 'keep-account'
}
