import { literal, Op, type Model, type ModelStatic, type Transaction, type WhereOptions } from 'sequelize'
import { fieldOf } from '../../database/columns.js'
import { MergeFailed } from '../../errors.js'
import { findPairs, keyColumns, rowKey, type Comparison, type Pair, type RowKey } from './statements.js'
import { uniqueKeysOf, type UniqueKey } from './unique-keys.js'
import type { Belonging } from './belongings.js'
import type { Scope } from './references.js'

/** The two rows of one model of which a unique index lets only one belong to the account. */
export interface MergeConflictRows<M extends Model = Model> {
  /** Whose rows they are, for one function that decides for several models. */
  readonly model: ModelStatic<M>
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
export interface UniqueConflict {
  readonly key: Pick<UniqueKey, 'parts' | 'predicate' | 'countsNulls'>
  readonly scope: Scope
}

/** Asks the database, so it comes before the transaction. */
export async function rivalriesOf({
  model,
  foreignKey,
  scope,
  singles,
}: Belonging): Promise<UniqueConflict[]> {
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

/**
 * Deletes the rows that lose, so that what is left of the guest's can be moved.
 *
 * @throws {MergeFailed} if one of them is still there
 */
export async function resolveConflicts(
  comparison: Comparison,
  rivalries: readonly UniqueConflict[],
  rule: MergeConflict,
  transaction: Transaction,
): Promise<void> {
  const { model } = comparison
  for (const { key, scope } of rivalries) {
    const find = async (): Promise<readonly Pair[]> =>
      await withinScope(model, await findPairs(comparison, key, transaction), scope, transaction)
    const pairs = await find()
    if (pairs.length === 0) continue
    const losers = distinct(
      typeof rule === 'function' ? await decide(model, pairs, rule, transaction) : losersBy(rule, pairs),
    )
    let deleted = 0
    await forEachBatch(losers, async (where) => {
      deleted += await model.unscoped().destroy({ where, force: true, transaction })
    })
    // A function may have deleted one itself, or a cascade; a trigger may have kept one.
    if (deleted < losers.length && (await find()).length > 0)
      throw new MergeFailed(`rows of ${model.name} that are in the way could not be deleted`)
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
  await forEachBatch(rowsOf(pairs), async (where) => {
    const found = await model.unscoped().findAll({
      attributes: { include: namingAttributes(model) },
      where,
      paranoid: false,
      transaction,
    })
    for (const row of found) rows.set(takeName(model, row), row)
  })
  const lost = new Map<string, RowKey>()
  for (const pair of pairs) {
    const [guest, account] = [rows.get(pair.guest.name), rows.get(pair.account.name)]
    if (guest === undefined || account === undefined)
      throw new MergeFailed(`rows of ${model.name} that are in the way could not be read`)
    if (lost.has(pair.guest.name) || lost.has(pair.account.name)) continue
    const loser = loserOf(model, await rule({ model, guest, account, transaction }), pair)
    lost.set(loser.name, loser)
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
  await forEachBatch(rowsOf(pairs), async (where) => {
    const rows = await model.unscoped().findAll({
      attributes: namingAttributes(model),
      where: { [Op.and]: [scope as WhereOptions, where] },
      paranoid: false,
      raw: true,
      transaction,
    })
    for (const row of rows as unknown as Readonly<Record<string, unknown>>[]) {
      within.add(rowKey(model, (alias) => row[alias]).name)
    }
  })
  return pairs.filter(({ guest, account }) => within.has(guest.name) && within.has(account.name))
}

function namingAttributes(model: ModelStatic<Model>): [ReturnType<typeof literal>, string][] {
  return keyColumns(model).map(({ sql, alias }) => [literal(sql), alias])
}

/** Takes off an instance what it was selected with to name it by: it is the application's from then on. */
function takeName(model: ModelStatic<Model>, row: Model): string {
  const values = row.dataValues as Record<string, unknown>
  const { name } = rowKey(model, (alias) => values[alias])
  const { _previousDataValues: previous, _options: options } = row as unknown as {
    readonly _previousDataValues: object
    readonly _options: { attributes?: unknown }
  }
  for (const { alias } of keyColumns(model)) {
    Reflect.deleteProperty(values, alias)
    Reflect.deleteProperty(previous, alias)
  }
  options.attributes = Object.keys(model.getAttributes()) // what `row.reload()` asks for
  return name
}

function rowsOf(pairs: readonly Pair[]): RowKey[] {
  return distinct(pairs.flatMap(({ guest, account }) => [guest, account]))
}

function distinct(keys: readonly RowKey[]): RowKey[] {
  return [...new Map(keys.map((key) => [key.name, key])).values()]
}

/** SQLite takes no deeper nesting of conditions, and no database is happy with a statement of megabytes. */
const BATCH = 300

async function forEachBatch(
  keys: readonly RowKey[],
  work: (where: WhereOptions) => Promise<unknown>,
): Promise<void> {
  for (let start = 0; start < keys.length; start += BATCH) {
    const conditions = keys.slice(start, start + BATCH).map(({ condition }) => condition)
    await work({ [Op.and]: [literal(`(${conditions.join(' OR ')})`)] })
  }
}
