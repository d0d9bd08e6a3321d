import { QueryTypes, type Sequelize } from 'sequelize'
import type { CatalogOptions, CatalogRows, ColumnRow, ForeignKeyRow, IndexRow } from './catalog-rows.js'
import { TEXTS } from './catalog-texts.js'
import { dialectOf } from './dialect.js'

/** Reads all tables, from the primary, in a few statements, however many tables there are. */
export async function readCatalogRows(sequelize: Sequelize): Promise<CatalogRows> {
  const texts = TEXTS[dialectOf(sequelize).kind]
  const foreignKeys = await select<ForeignKeyRow>(sequelize, texts.foreignKeys)
  // All databases of a server can be many; these are the ones whose tables refer to those of others.
  const schemas = foreignKeys.flatMap(({ schema, targetSchema }) =>
    schema != null && schema !== targetSchema ? sequelize.escape(schema) : [],
  )
  const { columns, indexes } = texts.allTables([...new Set(schemas)])
  return {
    columns: await select<ColumnRow>(sequelize, texts.columns(columns)),
    foreignKeys,
    indexes: await select<IndexRow>(sequelize, texts.indexes(indexes)),
  }
}

/**
 * Reads one table or view, from the primary, whatever the number of other tables. Its foreign keys are left out.
 *
 * @param table as statements write it, quoted
 */
export async function readTableRows(
  sequelize: Sequelize,
  table: string,
  options: CatalogOptions,
): Promise<Pick<CatalogRows, 'columns' | 'indexes'>> {
  const texts = TEXTS[dialectOf(sequelize).kind]
  const { columns, indexes } = texts.oneTable(table, (value) => sequelize.escape(value))
  return {
    columns: await select<ColumnRow>(sequelize, texts.columns(columns), options),
    indexes: await select<IndexRow>(sequelize, texts.indexes(indexes), options),
  }
}

/** The table that PostgreSQL finds by a name and the search path of the connection; `undefined` if there is none. */
export async function resolvePostgresTable(
  sequelize: Sequelize,
  quoted: string,
): Promise<string | undefined> {
  const [row] = await select<{ table: string | null }>(
    sequelize,
    `SELECT to_regclass(${sequelize.escape(quoted)})::text AS "table"`,
  )
  return row?.table ?? undefined
}

/** The version that the server reports. */
export async function readVersion(sequelize: Sequelize): Promise<string> {
  const [row] = await select<{ version: string }>(sequelize, 'SELECT VERSION() AS version')
  return row?.version ?? ''
}

async function select<R extends object>(
  sequelize: Sequelize,
  text: string,
  { transaction }: CatalogOptions = {},
): Promise<R[]> {
  return await sequelize.query<R>(text, {
    type: QueryTypes.SELECT,
    raw: true,
    useMaster: true,
    ...(transaction && { transaction }),
  })
}
