import { QueryTypes, type Model, type ModelStatic } from 'sequelize'
import { fieldOf, quotedTable, sequelizeOf } from '../../database/columns.js'
import { isPostgres } from '../../database/dialect.js'

/** What no two rows of a table may have in common. */
export interface UniqueKey {
  readonly parts: readonly KeyPart[]
  /** The rows that it is about, as SQL; all if there is none. */
  readonly predicate: string | undefined
  /** Whether two NULLs are alike. */
  readonly countsNulls: boolean
}

/** A column, or with `field` undefined an expression. */
interface KeyPart {
  readonly field: string | undefined
  /** SQL over the table's own columns. */
  readonly sql: string
}

const known = new WeakMap<object, Promise<readonly UniqueKey[]>>()

/**
 * The unique indexes of a model's table. The database is asked, once: applications often have them in their migrations only.
 */
export function uniqueKeysOf(model: ModelStatic<Model>): Promise<readonly UniqueKey[]> {
  let keys = known.get(model)
  if (keys === undefined) {
    keys = ask(model)
    known.set(model, keys)
    keys.catch(() => known.delete(model)) // so that the next one asks again
  }
  return keys
}

/** For when what was known turned out wrong: a migration has run meanwhile. */
export function forgetUniqueKeys(model: ModelStatic<Model>): void {
  known.delete(model)
}

async function ask(model: ModelStatic<Model>): Promise<readonly UniqueKey[]> {
  const keys = isPostgres(sequelizeOf(model)) ? await askPostgres(model) : await askByIndexes(model)
  // SQLite keeps no index for a primary key that is its row number.
  const primary = plainKey(
    model,
    model.primaryKeyAttributes.map((attribute) => fieldOf(model, attribute)),
  )
  return [primary, ...keys.filter((key) => fields(key) !== fields(primary))]
}

function plainKey(model: ModelStatic<Model>, columns: readonly string[]): UniqueKey {
  const parts = columns.map((field) => ({ field, sql: quote(model, field) }))
  return { parts, predicate: undefined, countsNulls: false }
}

/** The same for two keys that mean the same columns, whatever their order; different for all others. */
function fields({ parts, predicate }: UniqueKey): string {
  return JSON.stringify([parts.map(({ field, sql }) => field ?? ` ${sql}`).sort(), predicate])
}

interface PostgresIndex {
  readonly fields: readonly (string | null)[]
  readonly parts: readonly string[]
  readonly predicate: string | null
  readonly countsNulls: boolean | null
}

/**
 * Sequelize's `showIndex` leaves out predicates and expressions, so that an index on the rows of one kind looks like one
 * on all: rows would be deleted that are in nobody's way. It does not see partitioned tables either.
 */
async function askPostgres(model: ModelStatic<Model>): Promise<UniqueKey[]> {
  const sequelize = sequelizeOf(model)
  const indexes = await sequelize.query<PostgresIndex>(
    `SELECT pg_get_expr(x.indpred, x.indrelid) AS predicate,
      (to_jsonb(x) ->> 'indnullsnotdistinct')::boolean AS "countsNulls",
      to_json(array(SELECT pg_get_indexdef(x.indexrelid, n, true) FROM generate_series(1, x.indnkeyatts) n ORDER BY n)) AS parts,
      to_json(array(SELECT a.attname FROM generate_series(1, x.indnkeyatts) n
        LEFT JOIN pg_attribute a ON a.attrelid = x.indrelid AND a.attnum = x.indkey[n - 1] ORDER BY n)) AS fields
    FROM pg_index x
    WHERE x.indisunique AND x.indisready AND x.indrelid = ${sequelize.escape(quotedTable(model))}::regclass
    ORDER BY x.indexrelid`,
    { type: QueryTypes.SELECT, useMaster: true },
  )
  return indexes.map((index) => ({
    parts: index.parts.map((sql, place) => ({ field: index.fields[place] ?? undefined, sql })),
    predicate: index.predicate ?? undefined,
    countsNulls: index.countsNulls === true,
  }))
}

interface ShownIndex {
  readonly unique: boolean
  /** SQLite: whether the index is about some rows only, which it does not tell. */
  readonly partial?: number
  readonly fields: readonly ({ readonly attribute: string | null; readonly length?: number } | undefined)[]
}

/** An index that cannot be told in full is left out; if it matters, moving fails on it, and nothing is lost. */
async function askByIndexes(model: ModelStatic<Model>): Promise<UniqueKey[]> {
  const interface_ = sequelizeOf(model).getQueryInterface()
  const indexes = (await interface_.showIndex(model.getTableName())) as readonly ShownIndex[]
  return indexes
    .filter(({ unique, partial }) => unique && !partial)
    .flatMap(({ fields: shown }) => {
      const parts = shown.map((column) => {
        const field = column?.attribute
        if (typeof field !== 'string') return undefined
        const sql = quote(model, field)
        return column?.length === undefined
          ? { field, sql }
          : { field: undefined, sql: `LEFT(${sql}, ${String(column.length)})` }
      })
      return parts.includes(undefined)
        ? []
        : [{ parts: parts as KeyPart[], predicate: undefined, countsNulls: false }]
    })
}

/** A column's name, quoted, whether or not the model knows it. */
function quote(model: ModelStatic<Model>, field: string): string {
  const { queryGenerator } = sequelizeOf(model).getQueryInterface()
  return (queryGenerator as { quoteIdentifier: (name: string) => string }).quoteIdentifier(field)
}
