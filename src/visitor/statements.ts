import { col, Op } from 'sequelize'
import { columnsOf, fieldOf, quotedField, quotedTable, selectList } from '../database/columns.js'
import { runPrepared, speaksPostgres, statement, type Statement } from '../database/prepared.js'
import { buildStored } from '../database/stored.js'
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
 * @param isConfirmed whether a person asks for it; otherwise a pass with `maxUses` may not be used
 */
export async function redeemPass(
  Model: typeof Visitor,
  uuid: string,
  { isConfirmed }: { readonly isConfirmed: boolean },
): Promise<Visitor | undefined> {
  const now = new Date()
  if (usesPrepared(Model))
    return await runForPass(Model, statementsOf(Model).redeem, [uuid, now, isConfirmed])

  const unscoped = Model.unscoped()
  const [counted] = await unscoped.update(
    {
      uses: Model.sequelize?.literal(`${quotedField(Model, 'uses')} + 1`) as unknown as number,
      lastUsedAt: now,
    },
    {
      where: {
        uuid,
        isActive: true,
        expiresAt: { [Op.gt]: now },
        [Op.or]: [
          { maxUses: null },
          ...(isConfirmed ? [{ uses: { [Op.lt]: col(fieldOf(Model, 'maxUses')) } }] : []),
        ],
      },
      silent: true,
      hooks: false,
      validate: false,
      ...quietly(Model),
    },
  )
  return counted === 1 ? await findPassByUuid(Model, uuid) : undefined
}

/** A pass by what its token names, to tell why it was refused. */
export async function findPassByUuid(Model: typeof Visitor, uuid: string): Promise<Visitor | undefined> {
  return (
    (await Model.unscoped().findOne({ where: { uuid }, useMaster: true, ...quietly(Model) })) ?? undefined
  )
}

/** The ORM writes values into its statements, and statements into the application's log. */
function quietly(Model: typeof Visitor): { logging?: false } {
  return Model[visitorSettings].codec.uuidIsToken ? { logging: false } : {}
}

interface PassStatements {
  readonly find: Statement
  readonly redeem: Statement
}

const statements = new WeakMap<typeof Visitor, PassStatements>()

function statementsOf(Model: typeof Visitor): PassStatements {
  let known = statements.get(Model)
  if (known === undefined) {
    known = write(Model)
    statements.set(Model, known)
  }
  return known
}

function write(Model: typeof Visitor): PassStatements {
  const table = quotedTable(Model)
  const columns = selectList(Model, columnsOf(Model))
  const [id, uuid, isActive, expiresAt, maxUses, uses, lastUsedAt] = (
    ['id', 'uuid', 'isActive', 'expiresAt', 'maxUses', 'uses', 'lastUsedAt'] as const
  ).map((attribute) => quotedField(Model, attribute))
  return {
    find: statement(`SELECT ${columns} FROM ${table} WHERE ${id} = $1`),
    redeem: statement(
      `UPDATE ${table} SET ${uses} = ${uses} + 1, ${lastUsedAt} = $2` +
        ` WHERE ${uuid} = $1 AND ${isActive} AND ${expiresAt} > $2 AND (${maxUses} IS NULL OR ($3 AND ${uses} < ${maxUses}))` +
        ` RETURNING ${columns}`,
    ),
  }
}

async function runForPass(
  Model: typeof Visitor,
  prepared: Statement,
  values: readonly unknown[],
): Promise<Visitor | undefined> {
  if (Model.sequelize === undefined) return undefined
  const [row] = await runPrepared(Model.sequelize, prepared, values)
  return row === undefined ? undefined : buildStored(Model, row)
}

function usesPrepared(Model: typeof Visitor): boolean {
  const { sequelize } = Model
  return sequelize !== undefined && Model[visitorSettings].preparedStatements && speaksPostgres(sequelize)
}
