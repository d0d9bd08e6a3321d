import { QueryTypes, type ColumnsDescription, type Sequelize } from 'sequelize'
import { isPostgres } from '../../database/dialect.js'

/** What PostgreSQL's information schema says of types that it has no word for. */
const UNNAMED = ['USER-DEFINED', 'ARRAY']

/** A table's columns with the names of types that were made in the database: citext, enums, arrays of them. */
export async function withExactTypes(
  sequelize: Sequelize,
  table: string,
  schema: string | undefined,
  columns: ColumnsDescription,
): Promise<ColumnsDescription> {
  const isNamed = Object.values(columns).every(({ type }) => !UNNAMED.includes(type))
  if (!isPostgres(sequelize) || isNamed) return columns
  const rows: { name: string; type: string }[] = await sequelize.query(
    `SELECT a.attname AS name, format_type(a.atttypid, a.atttypmod) AS type
       FROM pg_attribute a
       JOIN pg_class c ON c.oid = a.attrelid
       JOIN pg_namespace n ON n.oid = c.relnamespace
      WHERE c.relname = $table AND n.nspname = $schema AND a.attnum > 0 AND NOT a.attisdropped`,
    { type: QueryTypes.SELECT, bind: { table, schema: schema ?? 'public' } },
  )
  const types = new Map(rows.map(({ name, type }) => [name, type]))
  return Object.fromEntries(
    Object.entries(columns).map(([name, column]) => [
      name,
      UNNAMED.includes(column.type) ? { ...column, type: types.get(name) ?? column.type } : column,
    ]),
  )
}
