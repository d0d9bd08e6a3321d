import { randomUUID } from 'node:crypto'
import { col, DatabaseError, literal, Op, type WhereOptions } from 'sequelize'
import {
  columnsOf,
  columnNameOf,
  quotedField,
  quotedTable,
  selectList,
  sequelizeOf,
} from '../database/columns.js'
import { dialectOf } from '../database/dialect.js'
import { runPrepared, statement, withoutPreparing, type Statement } from '../database/prepared.js'
import { retryTransaction } from '../database/transactions.js'
import { confirmedByNext, doubleClickSince, repeatableClicks, type Confirmation } from './double-click.js'
import { visitorSettings, type Visitor } from './visitor.js'

/** What a request's visitor costs: one look-up by primary key, on the primary. */
export async function findPass(Model: typeof Visitor, id: number): Promise<Visitor | undefined> {
  if (!usesPrepared(Model)) return (await Model.unscoped().findByPk(id, { useMaster: true })) ?? undefined
  return await runForPass(Model, statementsOf(Model).find, [id])
}

/**
 * Counts one use of a pass that may be used now, and returns it; `undefined` if it may not. The condition and the
 * count are one statement, so that of any number of redeemers at once, on any number of machines, exactly `maxUses`
 * get in.
 *
 * @param confirmation that a person asks for it; otherwise a pass with `maxUses` may not be used
 */
export async function redeemPass(
  Model: typeof Visitor,
  uuid: string,
  confirmation: Confirmation | undefined,
): Promise<Visitor | undefined> {
  const now = new Date()
  const by = confirmation?.by ?? null
  const sameClick = by === null ? [] : repeatableClicks(by)
  const since = doubleClickSince(now)
  if (usesPrepared(Model)) {
    const values = [uuid, now, confirmation !== undefined, by, sameClick, since]
    return await runForPass(Model, statementsOf(Model).redeem, values)
  }
  const isAnotherClick = {
    [Op.or]: [
      { confirmedBy: null },
      { confirmedBy: { [Op.notIn]: sameClick } },
      { lastUsedAt: { [Op.lt]: since } },
    ],
  }
  const isUsed = {
    uses: { [Op.lt]: col(columnNameOf(Model, 'maxUses')) },
    ...(by !== null && isAnotherClick),
  }
  const counted = await update(
    Model,
    { uses: usesAnd(Model, 1), lastUsedAt: now, confirmedBy: by },
    {
      uuid,
      isActive: true,
      expiresAt: { [Op.gt]: now },
      [Op.or]: [{ maxUses: null }, ...(confirmation === undefined ? [] : [isUsed])],
    },
  )
  return counted ? await findPassByUuid(Model, uuid) : undefined
}

/** A pass by what its token names, to tell why it was refused. */
export async function findPassByUuid(Model: typeof Visitor, uuid: string): Promise<Visitor | undefined> {
  const query = Model.unscoped().findOne({ where: { uuid }, useMaster: true, ...withoutLog(Model) })
  return (await withoutSqlInErrors(Model, query)) ?? undefined
}

/**
 * Whether this click on the button is the same one that counted a moment ago. Of those, a use admits few: each is counted
 * in `confirmedBy`, by one statement that only succeeds if no other click has changed it.
 *
 * @returns 'overtaken' if another click did
 */
export async function admitDoubleClick(
  Model: typeof Visitor,
  visitor: Visitor,
  confirmation: Confirmation | undefined,
): Promise<boolean | 'overtaken'> {
  const next = confirmedByNext(visitor, confirmation)
  if (next === undefined) return false
  const { id, uuid, confirmedBy } = visitor
  return (await update(Model, { confirmedBy: next }, { id, uuid, confirmedBy })) ? true : 'overtaken'
}

/** Gives back a use that was counted, and did not lead to a visit. */
export async function returnUse({ id, uuid }: Visitor, Model: typeof Visitor): Promise<void> {
  const values = { uses: usesAnd(Model, -1), confirmedBy: null }
  await update(Model, values, { id, uuid, uses: { [Op.gt]: 0 } })
}

/**
 * Counts the use of a pass whose code was typed, and ends the code. Of any number of requests at once, one gets in by it, and
 * none if the link has left no use. The link goes on to work as often as the pass may be used.
 *
 * @param by marks the click, so that a second one is admitted as the same
 * @returns the pass as it is now; `undefined` if the code is void
 */
export async function redeemPassByCode(
  Model: typeof Visitor,
  { id, uuid, codeHash }: Visitor,
  by: string,
): Promise<Visitor | undefined> {
  const now = new Date()
  const used = { uses: usesAnd(Model, 1), lastUsedAt: now, confirmedBy: by, codeHash: null }
  const isOpen = {
    id,
    uuid,
    codeHash,
    isActive: true,
    expiresAt: { [Op.gt]: now },
    [Op.or]: isUseLeft(Model),
  }
  return (await update(Model, used, isOpen)) ? await findPass(Model, id) : undefined
}

/** Gives the use and the code back: no visit has begun. */
export async function returnCode(Model: typeof Visitor, { id, uuid, codeHash }: Visitor): Promise<void> {
  const values = { codeHash, uses: usesAnd(Model, -1), confirmedBy: null }
  await update(Model, values, { id, uuid, codeHash: null, uses: { [Op.gt]: 0 } })
}

/**
 * Gives a pass that has expired, and is valid otherwise, a fresh link, open for the model's `tokenExpiry`. Visits go on, unlike after
 * `reissue()`: the bearer of an expired link must not end them.
 *
 * @returns the pass as it is now; `undefined` if it is another than `pass` meanwhile
 */
export async function renewPass(Model: typeof Visitor, { id, uuid }: Visitor): Promise<Visitor | undefined> {
  const now = new Date()
  const fresh = randomUUID()
  const expiresAt = new Date(now.getTime() + Model[visitorSettings].tokenExpiry * 1000)
  const hasExpired = { isActive: true, expiresAt: { [Op.lte]: now }, [Op.or]: isUseLeft(Model) }
  const isRenewed = await update(
    Model,
    { uuid: fresh, expiresAt, confirmedBy: null, codeHash: null },
    { id, uuid, ...hasExpired },
  )
  return isRenewed ? await findPassByUuid(Model, fresh) : undefined
}

/** The fresh link was not sent: the expired one can be used to ask again. */
export async function takeBackRenewal(
  Model: typeof Visitor,
  { id, uuid }: Visitor,
  { uuid: earlier, expiresAt }: Visitor,
): Promise<void> {
  await update(Model, { uuid: earlier, expiresAt }, { id, uuid })
}

/**
 * Whether there was such a pass. No hooks, no validators, no new `updatedAt`. One statement is a transaction, too: on MySQL and
 * MariaDB it can deadlock with one that deletes the pass.
 */
async function update(Model: typeof Visitor, values: object, where: WhereOptions): Promise<boolean> {
  const options = {
    where,
    silent: true,
    hooks: false,
    validate: false,
    ...withoutPreparing(sequelizeOf(Model)),
    ...withoutLog(Model),
  }
  const [count] = await retryTransaction(() =>
    withoutSqlInErrors(Model, Model.unscoped().update(values, options)),
  )
  return count === 1
}

function isUseLeft(Model: typeof Visitor): WhereOptions[] {
  return [{ maxUses: null }, { uses: { [Op.lt]: col(columnNameOf(Model, 'maxUses')) } }]
}

/** What the database has counted, and one more or less. */
function usesAnd(Model: typeof Visitor, change: 1 | -1): ReturnType<typeof literal> {
  return literal(`${quotedField(Model, 'uses')} + (${change})`)
}

/**
 * A bare UUID is a token: it must not get into the application's log by way of an error, which carries the statement.
 */
async function withoutSqlInErrors<T>(Model: typeof Visitor, query: Promise<T>): Promise<T> {
  if (!Model[visitorSettings].codec.uuidIsToken) return await query
  return await query.catch((error: unknown) => {
    if (error instanceof DatabaseError) {
      for (const bearer of [error, error.parent]) Object.assign(bearer, { sql: '', parameters: undefined })
    }
    throw error
  })
}

/** The ORM writes values into its statements, and statements into the application's log. */
function withoutLog(Model: typeof Visitor): { logging?: false } {
  return Model[visitorSettings].codec.uuidIsToken ? { logging: false } : {}
}

interface PassStatements {
  readonly find: Statement
  readonly redeem: Statement
}

const statements = new WeakMap<typeof Visitor, PassStatements>()

function statementsOf(Model: typeof Visitor): PassStatements {
  const known = statements.get(Model)
  if (known !== undefined) return known
  const table = quotedTable(Model)
  const columns = selectList(Model, columnsOf(Model))
  const field = (attribute: keyof Visitor) => quotedField(Model, attribute)
  const isSameClick = `${field('confirmedBy')} = ANY($5::text[]) AND ${field('lastUsedAt')} >= $6`
  const mayCount = `$3 AND ${field('uses')} < ${field('maxUses')} AND (${isSameClick}) IS NOT TRUE`
  const written = {
    find: statement(`SELECT ${columns} FROM ${table} WHERE ${field('id')} = $1`),
    redeem: statement(
      `UPDATE ${table} SET ${field('uses')} = ${field('uses')} + 1, ${field('lastUsedAt')} = $2, ${field('confirmedBy')} = $4` +
        ` WHERE ${field('uuid')} = $1 AND ${field('isActive')} AND ${field('expiresAt')} > $2` +
        ` AND (${field('maxUses')} IS NULL OR (${mayCount})) RETURNING ${columns}`,
    ),
  }
  statements.set(Model, written)
  return written
}

async function runForPass(
  Model: typeof Visitor,
  prepared: Statement,
  values: readonly unknown[],
): Promise<Visitor | undefined> {
  // The server's own default isolation can be SERIALIZABLE.
  const [row] = await retryTransaction(() => runPrepared(sequelizeOf(Model), prepared, values))
  return row === undefined ? undefined : Model.build(row as never, { raw: true, isNewRecord: false })
}

/** The ORM's own statements take three times as long. */
function usesPrepared(Model: typeof Visitor): boolean {
  return Model[visitorSettings].preparedStatements && dialectOf(sequelizeOf(Model)).preparesStatements
}
