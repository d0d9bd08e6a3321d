import { DataTypes } from 'sequelize'
import { sequelizeOf } from './columns.js'
import { timestampsOf, type HostModel } from './host-model.js'

/** An INSERT without what would follow it, and what it binds. */
export interface Insert {
  readonly query: string
  readonly bind: readonly unknown[]
}

/** The part of the dialect's generator that writes an INSERT; untyped in Sequelize. */
interface InsertGenerator {
  insertQuery: (
    table: ReturnType<HostModel['getTableName']>,
    values: Record<string, unknown>,
    attributes: ReturnType<HostModel['getAttributes']>,
    options: object,
  ) => { query: string; bind?: unknown[] }
}

/** The INSERT that `create` would send: with defaults and timestamps, and validated. */
export async function writeInsert(
  Host: HostModel,
  values: Readonly<Record<string, unknown>>,
): Promise<Insert> {
  const instance = Host.build(values)
  const row = instance.dataValues as Record<string, unknown>
  const { createdAt, updatedAt } = timestampsOf(Host)
  const now = new Date()
  for (const name of [createdAt, updatedAt]) if (name !== undefined) row[name] ??= now
  await instance.validate({ hooks: false })

  const fields = Object.entries(Host.getAttributes())
    .filter(([name, { type }]) => row[name] !== undefined && !(type instanceof DataTypes.VIRTUAL))
    .map(([name, { field = name }]) => [field, row[name]] as const)
  const generator = sequelizeOf(Host).getQueryInterface().queryGenerator as InsertGenerator
  const { query, bind = [] } = generator.insertQuery(
    Host.getTableName(),
    Object.fromEntries(fields),
    Host.getAttributes(),
    { returning: false },
  )
  return { query: query.replace(/;\s*$/, ''), bind }
}
