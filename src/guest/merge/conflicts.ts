import type { Model, ModelStatic, Transaction } from 'sequelize'
import { isSameColumn, uniqueIndexesOf, type UniqueIndex } from '../../database/catalog.js'
import { columnNameOf } from '../../database/columns.js'
import { liveCondition } from '../../database/host-model.js'
import { MergeFailed } from '../../errors.js'
import type { Belonging } from './belongings.js'
import type { Scope } from './references.js'
import { anyOf, BATCH, findPairs, readRow, type Ownership, type Pair, type RowKey } from './rows.js'

/** The two rows of one model of which a unique index lets only one belong to the account. */
export interface MergeConflictRows<M extends Model = Model> {
  /** The model of both, for one function that decides for several models. */
  readonly model: ModelStatic<M>
  /** The row of the guest. */
  readonly guest: M
  /**
   * The row of the account. It is the guest's row itself if a CHECK constraint does not let that row belong to the account
   * at all, such as the row of an account that follows the guest. That row is deleted, whatever the function returns,
   * unless the function has changed it so that the constraint accepts it.
   */
  readonly account: M
  readonly transaction: Transaction
}

/** Which of two rows stays. */
export type KeptRow = 'keep-account' | 'keep-guest'

interface Decider {
  /** A method, so that a function for one model's rows is accepted for any model. */
  decide(this: void, rows: MergeConflictRows): Promise<KeptRow>
}

/**
 * Which of two rows stays; the other is deleted. Of a live row and one of a `paranoid` model that is marked as deleted, the
 * live one stays. An async function decides about these too, and can first copy values from one to the other.
 */
export type MergeConflict = KeptRow | Decider['decide']

/** A rule by which a row of the guest and one of the account exclude each other: a unique index, or `hasOne` of a model. */
export interface UniqueConflict {
  /** What else the two have in common: the index without the column of the owner. */
  readonly index: UniqueIndex
  readonly scope: Scope
}

/** `hasOne` is about rows that the model shows: those that are marked as deleted are not in the way. */
function anyTwoRows(model: ModelStatic<Model>): UniqueIndex {
  return { parts: [], predicate: liveCondition(model), countsNulls: false }
}

/** Asks the database, so it comes before the transaction. */
export async function uniqueConflictsOf({
  model,
  foreignKey,
  scope,
  singles,
}: Belonging): Promise<UniqueConflict[]> {
  // Without a primary key no row can be named.
  if (model.primaryKeyAttributes.length === 0) return []
  const owner = columnNameOf(model, foreignKey)
  const indexes = (await uniqueIndexesOf(model)).filter(({ parts }) =>
    parts.some(({ field }) => isSameColumn(field, owner)),
  )
  return [
    ...indexes.map((index) => ({
      index: { ...index, parts: index.parts.filter(({ field }) => !isSameColumn(field, owner)) },
      scope,
    })),
    ...singles.map((single) => ({ index: anyTwoRows(model), scope: { ...scope, ...single } })),
  ]
}

/**
 * Deletes the rows that do not stay, so that the guest's other rows can be moved.
 *
 * @throws {MergeFailed} if one of them is still there
 */
export async function resolveConflicts(
  ownership: Ownership,
  conflicts: readonly UniqueConflict[],
  rule: MergeConflict,
  transaction: Transaction,
): Promise<void> {
  const { model } = ownership
  for (const { index, scope } of conflicts) {
    const find = (): Promise<Pair[]> => findPairs(ownership, index, scope, transaction)
    const pairs = await find()
    if (pairs.length === 0) continue
    const losers = await losersOf(model, pairs, rule, transaction)
    let deleted = 0
    const rows = [...losers.values()]
    for (let start = 0; start < rows.length; start += BATCH) {
      const where = anyOf(rows.slice(start, start + BATCH))
      deleted += await model.unscoped().destroy({ where, force: true, transaction })
    }
    // A function may have deleted one itself, or a cascade; a trigger may have kept one.
    if (deleted < losers.size && (await find()).length > 0)
      throw new MergeFailed(`rows of ${model.name} that are in the way could not be deleted`)
  }
}

/** The rows to delete, by name. */
async function losersOf(
  model: ModelStatic<Model>,
  pairs: readonly Pair[],
  rule: MergeConflict,
  transaction: Transaction,
): Promise<Map<string, RowKey>> {
  const losers = new Map<string, RowKey>()
  for (const pair of pairs) {
    if (losers.has(pair.guest.name) || losers.has(pair.account.name)) continue
    const kept =
      typeof rule === 'function' ? await decide(model, pair, rule, transaction) : keepLive(pair, rule)
    if (kept === undefined) continue
    const loser = kept === 'keep-account' ? pair.guest : pair.account
    losers.set(loser.name, loser)
  }
  return losers
}

/** A row that is marked as deleted never takes a live one away. */
function keepLive({ onlyLive }: Pair, rule: KeptRow): KeptRow {
  return onlyLive === undefined ? rule : `keep-${onlyLive}`
}

/**
 * Asks the application's function about two rows.
 *
 * @returns nothing if one of the rows is gone: the function has deleted it on an earlier call
 * @throws {MergeFailed} if it returns neither
 */
export async function decide(
  model: ModelStatic<Model>,
  pair: Pick<Pair, 'guest' | 'account'>,
  rule: Decider['decide'],
  transaction: Transaction,
): Promise<KeptRow | undefined> {
  const guest = await readRow(model, pair.guest, transaction)
  const account = pair.account === pair.guest ? guest : await readRow(model, pair.account, transaction)
  if (guest === null || account === null) return undefined
  const kept: unknown = await rule({ model, guest, account, transaction })
  if (kept === 'keep-account' || kept === 'keep-guest') return kept
  throw new MergeFailed(`the option 'conflict' must say 'keep-account' or 'keep-guest' for ${model.name}`)
}
