import { col, DatabaseError, literal, Op, type WhereOptions } from 'sequelize'
import { columnsOf, fieldOf, quotedField, quotedTable, selectList, sequelizeOf } from '../database/columns.js'
import { isPostgres } from '../database/dialect.js'
import { runPrepared, statement, type Statement } from '../database/prepared.js'
import { visitorSettings, type Visitor } from './visitor.js'

/** That a person pressed the button. */
export interface Confirmation {
  /** A digest of what their browser was given with it; `undefined` for one that keeps no cookies. */
  readonly by: string | undefined
}

/** How long the same browser's next click on the button is taken for the same click. */
const DOUBLE_CLICK_MS = 60_000

/** How many more clicks one counted use admits in that time. */
const MAX_REPEATED_CLICKS = 2

/** What `confirmedBy` holds after the first click and after each repeated one, as long as one more is admitted. */
const repeatable = (by: string): string[] =>
  Array.from({ length: MAX_REPEATED_CLICKS }, (_, clicks) => afterClicks(by, clicks))

const afterClicks = (by: string, clicks: number): string => (clicks === 0 ? by : `${by}:${String(clicks)}`)

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
  const sameClick = by === null ? [] : repeatable(by)
  const since = new Date(now.getTime() - DOUBLE_CLICK_MS)
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
  const isUsed = { uses: { [Op.lt]: col(fieldOf(Model, 'maxUses')) }, ...(by !== null && isAnotherClick) }
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
  return (await withoutToken(Model, query)) ?? undefined
}

/**
 * Whether this click on the button is the same one that counted a moment ago. Of those, a use admits few: each is counted
 * in `confirmedBy`, by one statement that only succeeds if no other click has changed it.
 *
 * @returns 'overtaken' if another click did
 */
export async function admitDoubleClick(
  Model: typeof Visitor,
  { id, uuid, isActive, hasExpired, confirmedBy, lastUsedAt }: Visitor,
  confirmation: Confirmation | undefined,
): Promise<boolean | 'overtaken'> {
  const by = confirmation?.by
  if (by === undefined || !isActive || hasExpired) return false
  if ((lastUsedAt?.getTime() ?? 0) < Date.now() - DOUBLE_CLICK_MS) return false
  const clicks = repeatable(by).indexOf(confirmedBy ?? '')
  if (clicks === -1) return false
  const next = { confirmedBy: afterClicks(by, clicks + 1) }
  return (await update(Model, next, { id, uuid, confirmedBy })) ? true : 'overtaken'
}

/** Gives back a use that was counted, and did not lead to a visit. */
export async function returnUse({ id, uuid }: Visitor, Model: typeof Visitor): Promise<void> {
  const values = { uses: usesAnd(Model, -1), confirmedBy: null }
  await update(Model, values, { id, uuid, uses: { [Op.gt]: 0 } })
}

/** Whether there was such a pass. No hooks, no validators, no new `updatedAt`. */
async function update(Model: typeof Visitor, values: object, where: WhereOptions): Promise<boolean> {
  const options = { where, silent: true, hooks: false, validate: false, ...withoutLog(Model) }
  const [count] = await withoutToken(Model, Model.unscoped().update(values, options))
  return count === 1
}

/** What the database has counted, and one more or less. */
function usesAnd(Model: typeof Visitor, change: 1 | -1): ReturnType<typeof literal> {
  return literal(`${quotedField(Model, 'uses')} + (${change})`)
}

/**
 * A bare UUID is a token: it must not get into the application's log by way of an error, which carries the statement.
 */
async function withoutToken<T>(Model: typeof Visitor, query: Promise<T>): Promise<T> {
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
  const [row] = await runPrepared(sequelizeOf(Model), prepared, values)
  return row === undefined ? undefined : Model.build(row as never, { raw: true, isNewRecord: false })
}

/** The ORM's own statements take three times as long. */
function usesPrepared(Model: typeof Visitor): boolean {
  return Model[visitorSettings].preparedStatements && isPostgres(sequelizeOf(Model))
}
