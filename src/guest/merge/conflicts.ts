import { Op, type Model, type ModelStatic, type Transaction, type WhereOptions } from 'sequelize'
import { fieldOf } from '../../database/columns.js'
import { MergeFailed } from '../../errors.js'
import { findPairs, type Comparison, type Pair, type RowKey } from './statements.js'
import { uniqueKeysOf, type UniqueKey } from './unique-keys.js'
import type { Belonging } from './belongings.js'
import type { Scope } from './references.js'

/** The two rows of one model of which a unique index lets only one belong to the account. */
export interface MergeConflictRows<M extends Model = Model> {
  /** The row of the guest. */
  readonly guest: M
  /** The row of the account. */
  readonly account: M
  readonly transaction: Transaction
}

/** Which of two rows stays. */
export type KeptRow = 'keep-account' | 'keep-guest'

interface Decider {
  /** A method, so that a function of some model's rows is one of any's. */
  decide(this: void, rows: MergeConflictRows): Promise<KeptRow>
}

/** Which of two rows stays; the other is deleted. An async function may first carry over from one to the other what it likes. */
export type MergeConflict = KeptRow | Decider['decide']

/** What can set the guest's rows against the account's: keys of the database's, and `hasOne` of the models'. */
export interface Rivalry {
  readonly key: Pick<UniqueKey, 'parts' | 'predicate' | 'countsNulls'>
  readonly scope: Scope
}

/** Asks the database, so it comes before the transaction. */
export async function rivalriesOf({ model, foreignKey, scope, singles }: Belonging): Promise<Rivalry[]> {
  // Without a primary key no row can be named.
  if (model.primaryKeyAttributes.length === 0) return []
  const owner = fieldOf(model, foreignKey)
  const keys = (await uniqueKeysOf(model)).filter(({ parts }) => parts.some(({ field }) => field === owner))
  return [
    ...keys.map((key) => ({
      key: { ...key, parts: key.parts.filter(({ field }) => field !== owner) },
      scope,
    })),
    ...singles.map((single) => ({ key: NOTHING_BUT_THE_OWNER, scope: { ...scope, ...single } })),
  ]
}

const NOTHING_BUT_THE_OWNER = { parts: [], predicate: undefined, countsNulls: false } as const

/** Deletes the rows that lose, so that what is left of the guest's can be moved. */
export async function resolveConflicts(
  comparison: Comparison,
  rivalries: readonly Rivalry[],
  rule: MergeConflict,
  transaction: Transaction,
): Promise<void> {
  const { model } = comparison
  for (const { key, scope } of rivalries) {
    const pairs = await withinScope(model, await findPairs(comparison, key, transaction), scope, transaction)
    if (pairs.length === 0) continue
    const losers =
      typeof rule === 'function' ? await decide(model, pairs, rule, transaction) : losersBy(rule, pairs)
    await forEachBatch(model, losers, (where) =>
      model.unscoped().destroy({ where, force: true, transaction }),
    )
  }
}

function losersBy(rule: 'keep-account' | 'keep-guest', pairs: readonly Pair[]): RowKey[] {
  return pairs.map(({ guest, account }) => (rule === 'keep-account' ? guest : account))
}

async function decide(
  model: ModelStatic<Model>,
  pairs: readonly Pair[],
  rule: Exclude<MergeConflict, string>,
  transaction: Transaction,
): Promise<RowKey[]> {
  const rows = new Map<string, Model>()
  const keys = pairs.flatMap(({ guest, account }) => [guest, account])
  await forEachBatch(model, keys, async (where) => {
    for (const row of await model.unscoped().findAll({ where, paranoid: false, transaction })) {
      rows.set(nameOf(model, row.get() as RowKey), row)
    }
  })
  const lost = new Map<string, RowKey>()
  for (const pair of pairs) {
    const [guest, account] = [rows.get(nameOf(model, pair.guest)), rows.get(nameOf(model, pair.account))]
    if (guest === undefined || account === undefined) continue
    if (lost.has(nameOf(model, pair.guest)) || lost.has(nameOf(model, pair.account))) continue
    const loser = loserOf(model, await rule({ guest, account, transaction }), pair)
    lost.set(nameOf(model, loser), loser)
  }
  return [...lost.values()]
}

function loserOf(model: ModelStatic<Model>, decision: unknown, pair: Pair): RowKey {
  if (decision === 'keep-account') return pair.guest
  if (decision === 'keep-guest') return pair.account
  throw new MergeFailed(`the option 'conflict' must say 'keep-account' or 'keep-guest' for ${model.name}`)
}

/** Of a polymorphic association only the rows that mean users; the others' keys belong to something else. */
async function withinScope(
  model: ModelStatic<Model>,
  pairs: readonly Pair[],
  scope: Scope,
  transaction: Transaction,
): Promise<readonly Pair[]> {
  if (pairs.length === 0 || Reflect.ownKeys(scope).length === 0) return pairs
  const within = new Set<string>()
  const keys = pairs.flatMap(({ guest, account }) => [guest, account])
  await forEachBatch(model, keys, async (where) => {
    const rows = await model.unscoped().findAll({
      attributes: [...model.primaryKeyAttributes],
      where: { [Op.and]: [scope as WhereOptions, where] },
      paranoid: false,
      raw: true,
      transaction,
    })
    for (const row of rows) within.add(nameOf(model, row as unknown as RowKey))
  })
  return pairs.filter(
    (pair) => within.has(nameOf(model, pair.guest)) && within.has(nameOf(model, pair.account)),
  )
}

/** SQLite takes no deeper nesting of conditions, and no database is happy with a statement of megabytes. */
const BATCH = 300

async function forEachBatch(
  model: ModelStatic<Model>,
  keys: readonly RowKey[],
  work: (where: WhereOptions) => Promise<unknown>,
): Promise<void> {
  const distinct = [...new Map(keys.map((key) => [nameOf(model, key), key])).values()]
  for (let start = 0; start < distinct.length; start += BATCH) {
    await work(isOneOf(model, distinct.slice(start, start + BATCH)))
  }
}

function isOneOf(model: ModelStatic<Model>, keys: readonly RowKey[]): WhereOptions {
  const [first, second] = model.primaryKeyAttributes
  return first !== undefined && second === undefined
    ? { [first]: keys.map((key) => key[first] as string) }
    : { [Op.or]: keys.map((key) => ({ ...key })) }
}

function nameOf(model: ModelStatic<Model>, key: RowKey): string {
  return JSON.stringify(model.primaryKeyAttributes.map((attribute) => String(key[attribute])))
}
