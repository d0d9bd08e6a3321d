import createDebug from 'debug'
import type { Request } from 'express'
import { BaseError, type Model, type ModelStatic, type Transaction, type WhereOptions } from 'sequelize'
import { forgetTable, readTable } from '../../database/catalog.js'
import { isText, sequelizeOf } from '../../database/columns.js'
import { announce } from '../../events/events.js'
import { MergeFailed } from '../../errors.js'
import { guestSettings, type GuestModel, type UserId } from '../guest.js'
import { dayOf, recordOutcome } from '../outcome.js'
import { findGuest } from '../statements.js'
import { isUserId, keyOf } from '../user-key.js'
import { resolveConflicts, uniqueConflictsOf, type MergeConflict, type UniqueConflict } from './conflicts.js'
import { moveRows } from './move-rows.js'
import { tableOf } from './references.js'
import { asInstance } from './rows.js'
import type { Belonging } from './belongings.js'
import { isLockTimeout, isRetryable } from '../../database/driver-error.js'
import { limitLockWait, readCommitted, retryTransaction } from '../../database/transactions.js'

const debug = createDebug('passport-ephemeral:guest')

/** The argument of `onMerge`. */
export interface MergeContext<U extends Model> {
  /** The guest's users row, about to be deleted. */
  readonly guest: U
  /** The account, which has the guest's rows already. */
  readonly account: U
  readonly req: Request
  readonly transaction: Transaction
}

/** How guests are merged; the options of `mergeGuest` in one piece. */
export interface MergeRecipe<U extends Model> {
  readonly Guest: GuestModel<U>
  /** What moves; asked for at the first merge, when all associations are defined. */
  readonly belongings: () => readonly Belonging[]
  /** Whether the application has named what moves, by `reassign`. */
  readonly isNamed: boolean
  readonly conflictOf: (model: ModelStatic<Model>) => MergeConflict
  readonly onMerge: ((context: MergeContext<U>) => unknown) | undefined
}

/** A guest who logs in, and the account. */
export interface MergePair {
  readonly guest: UserId
  readonly account: UserId
  readonly req: Request
}

/** Belongings, and how conflicts with the account's rows are resolved. */
interface Move {
  readonly belonging: Belonging
  readonly conflicts: readonly UniqueConflict[]
  /** `undefined` if no row may be deleted for another. */
  readonly rule: MergeConflict | undefined
}

/** Undoes a merge that was none of ours: the login goes on without. */
class NothingToMerge extends Error {}

/**
 * Moves what belongs to the guest to the account and deletes the guest, all or nothing. Deleting the `Guest` row comes
 * first: that statement locks it, and of any number of merges, conversions and clean-ups exactly one finds it there.
 *
 * @returns whether there was something to merge: `false` if the guest is gone already, or the account is a guest itself
 * @throws {MergeFailed} with the cause; nothing is changed then
 */
export async function merge<U extends Model>(recipe: MergeRecipe<U>, pair: MergePair): Promise<boolean> {
  const belongings = recipe.belongings()
  const event = { guestId: pair.guest, accountId: pair.account, req: pair.req }
  try {
    // Whatever the plan needs of the database is asked now: inside the transaction it would take a second connection.
    const moves = (await Promise.all(belongings.map((belonging) => plan(recipe, belonging)))).flat()
    const guest = await findGuest(recipe.Guest, pair.guest)
    if (guest === undefined) throw new NothingToMerge('the guest is gone')
    const sequelize = sequelizeOf(recipe.Guest)
    const { Outcome } = recipe.Guest[guestSettings]
    await retryTransaction(() =>
      sequelize.transaction(readCommitted(sequelize), async (transaction) => {
        await limitLockWait(sequelize, transaction)
        await mergeWithin(recipe, moves, pair, transaction)
        await recordOutcome(Outcome, 'merged', new Map([[dayOf(guest.createdAt), 1]]), transaction)
      }),
    )
    debug('a guest was merged into an account')
    announce(recipe.Guest.events, 'merged', event)
    return true
  } catch (error) {
    if (error instanceof NothingToMerge) {
      debug('nothing to merge: %s', error.message)
      return false
    }
    // A migration may have changed them.
    for (const { model } of belongings) forgetTable(model)
    const failure = error instanceof MergeFailed ? error : new MergeFailed(reasonOf(error), { cause: error })
    announce(recipe.Guest.events, 'mergeFailed', { ...event, error: failure })
    throw failure
  }
}

function reasonOf(error: unknown): string {
  if (isLockTimeout(error)) {
    return (
      'rows that it needs were held by another transaction for too long. ' +
      'If your own has changed the account, commit it before you call req.login'
    )
  }
  return error instanceof Error ? error.message : 'something that is not an error was thrown'
}

async function plan<U extends Model>(
  { Guest, isNamed, conflictOf }: MergeRecipe<U>,
  belonging: Belonging,
): Promise<Move[]> {
  const { model } = belonging
  if (!isNamed && (await readTable(model))?.isView === true) {
    debug('%s is left alone: it is a view', model.name)
    return []
  }
  // No user is deleted for another.
  if (tableOf(model) === tableOf(Guest[guestSettings].User))
    return [{ belonging, conflicts: [], rule: undefined }]
  return [{ belonging, conflicts: await uniqueConflictsOf(belonging), rule: conflictOf(model) }]
}

async function mergeWithin<U extends Model>(
  { Guest, onMerge }: MergeRecipe<U>,
  moves: readonly Move[],
  pair: MergePair,
  transaction: Transaction,
): Promise<void> {
  const User = Guest[guestSettings].User.unscoped()
  if ((await Guest.destroy({ where: { userId: pair.guest }, transaction })) === 0) {
    throw new NothingToMerge('the guest was merged or converted meanwhile, or is gone')
  }
  // The guest's lock makes a concurrent INSERT of a row for the guest wait, and fail on its foreign key once the guest is
  // deleted; without it the cascade would delete that row.
  const locking = { ...asInstance, transaction, lock: transaction.LOCK.UPDATE }
  const guest = await User.findByPk(pair.guest, locking)
  const account = await User.findByPk(pair.account, { ...locking, paranoid: true })
  if (guest === null) throw new NothingToMerge('the guest is gone')
  if (account === null) throw new MergeFailed('the account is gone')
  if (keyOf(account) === keyOf(guest))
    throw new NothingToMerge('the guest itself, in another spelling of the key')
  const where = { userId: pair.account }
  if ((await Guest.findOne({ where, ...asInstance, transaction })) !== null) {
    throw new NothingToMerge('a guest too')
  }
  for (const each of moves) await move(each, { guest, account }, transaction)
  await onMerge?.({ guest, account, req: pair.req, transaction })
  await User.destroy({
    where: { [User.primaryKeyAttribute]: pair.guest } as WhereOptions,
    force: true, // also where users are only marked as deleted
    individualHooks: true, // the application may have an avatar to delete
    transaction,
  })
}

async function move(
  { belonging: { model, foreignKey, userKey, scope }, conflicts, rule }: Move,
  users: { readonly guest: Model; readonly account: Model },
  transaction: Transaction,
): Promise<void> {
  const guest = valueFor(model, foreignKey, users.guest.getDataValue(userKey as never))
  const account = valueFor(model, foreignKey, users.account.getDataValue(userKey as never))
  if (guest === undefined) return
  if (account === undefined) {
    throw new MergeFailed(`${model.name}.${foreignKey} refers to ${userKey}, which the account does not have`)
  }
  const ownership = { model, foreignKey, guest, account }
  try {
    if (rule !== undefined) await resolveConflicts(ownership, conflicts, rule, transaction)
    await moveRows(ownership, scope, rule, transaction)
  } catch (error) {
    // What an application's own function has thrown speaks for itself.
    const isDatabases = error instanceof BaseError && !isRetryable(error) && !isLockTimeout(error)
    if (!isDatabases) throw error
    throw new MergeFailed(
      `the rows of ${model.name} could not be moved by ${foreignKey} (${error.message}). ` +
        `If a unique index is in the way that the database does not tell in full, or these are not rows to be moved, name the models that move in 'reassign' ` +
        `without ${model.name}, and move its rows in 'onMerge'`,
      { cause: error },
    )
  }
}

/** A key as the column that repeats it stores it: a text column can hold the number of a polymorphic owner. */
function valueFor(model: ModelStatic<Model>, foreignKey: string, key: unknown): UserId | undefined {
  if (key === null || key === undefined) return undefined
  const value = typeof key === 'bigint' ? String(key) : key
  if (!isUserId(value)) {
    throw new MergeFailed(`what ${model.name}.${foreignKey} refers to is neither a number nor a text`)
  }
  return isText(model, foreignKey) ? String(value) : value
}
