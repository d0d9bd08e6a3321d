import type { Sequelize } from 'sequelize'
import type { Finding } from '../finding.js'
import { quoterOf } from '../../database/columns.js'
import {
  hasIndexOn,
  type Catalog,
  type ForeignKey,
  type StoredColumn,
  type Table,
} from '../../database/catalog.js'
import { isMysql, isPostgres } from '../../database/dialect.js'

/** A table whose rows are deleted in the course of upkeep. */
export interface Root {
  readonly table: Table
  /** What one of its rows is. */
  readonly what: 'guest' | 'visitor pass'
}

/**
 * What keeps rows from being deleted, or makes it slow: foreign keys to them, and to what a cascade deletes with them.
 *
 * @param known foreign keys of which all has been said
 */
export function checkForeignKeys(
  sequelize: Sequelize,
  { foreignKeys }: Catalog,
  roots: readonly Root[],
  known: readonly ForeignKey[] = [],
): Finding[] {
  const looked = new Set<ForeignKey>(known)
  return roots.flatMap(({ table, what }) => {
    const findings: Finding[] = []
    const deleted = [table]
    for (const target of deleted) {
      for (const key of foreignKeys.filter((each) => each.target === target)) {
        if (key.onDelete === 'CASCADE' && !deleted.includes(key.table)) deleted.push(key.table)
        if (looked.has(key)) continue
        looked.add(key)
        findings.push(...checkKey(sequelize, key, what))
      }
    }
    return findings
  })
}

function checkKey(sequelize: Sequelize, key: ForeignKey, what: Root['what']): Finding[] {
  const where = `${key.table.sql} (${key.columns.join(', ')}) refers to ${key.target.sql}`
  const action = actionOf(sequelize, key, what, where)
  // InnoDB makes an index for every foreign key by itself.
  const isIndexed = isMysql(sequelize) || hasIndexOn(key.table, key.columns)
  return [
    ...(action === undefined ? [] : [action]),
    ...(isIndexed
      ? []
      : [
          {
            code: 'foreign-key-without-index',
            severity: 'warning',
            message: `${where} and has no index that begins with it: for each ${what} that is deleted, the database reads all of ${key.table.sql}.`,
            remedy: createIndex(sequelize, key.table, key.columns),
          } as const,
        ]),
  ]
}

function actionOf(
  sequelize: Sequelize,
  key: ForeignKey,
  what: Root['what'],
  where: string,
): Finding | undefined {
  if (key.onDelete === 'NO ACTION' || key.onDelete === 'RESTRICT') {
    return {
      code: 'foreign-key-blocks',
      severity: 'error',
      message: `${where} ON DELETE ${key.onDelete}: a ${what} that such a row hangs on cannot be deleted, by clean-up or by a merge.`,
      remedy: cascade(sequelize, key),
    }
  }
  const columns = key.table.columns.filter(({ name }) => key.columns.includes(name))
  if (key.onDelete === 'SET DEFAULT') return defaultOf(sequelize, { key, columns, what, where })
  const required = columns.filter(({ isNullable }) => !isNullable)
  if (key.onDelete !== 'SET NULL' || required.length === 0) return undefined
  const names = required.map(({ name }) => name)
  return {
    code: 'foreign-key-sets-null',
    severity: 'error',
    message: `${where} ON DELETE SET NULL, and ${names.join(', ')} must not be null: a ${what} that such a row hangs on cannot be deleted.`,
    remedy: `${dropNotNull(sequelize, key, names)} Or let the rows go too: ${cascade(sequelize, key)}`,
  }
}

interface Place {
  readonly key: ForeignKey
  readonly columns: readonly StoredColumn[]
  readonly what: Root['what']
  readonly where: string
}

/** Without a default, it is null that is set. */
function defaultOf(sequelize: Sequelize, { key, columns, what, where }: Place): Finding | undefined {
  const names = columns.filter(({ hasDefault, isNullable }) => !hasDefault && !isNullable)
  if (names.length > 0) {
    return {
      code: 'foreign-key-sets-default',
      severity: 'error',
      message: `${where} ON DELETE SET DEFAULT, and ${names.map(({ name }) => name).join(', ')} has no default and must not be null: a ${what} that such a row hangs on cannot be deleted.`,
      remedy: cascade(sequelize, key),
    }
  }
  if (!columns.some(({ hasDefault }) => hasDefault)) return undefined
  return {
    code: 'foreign-key-sets-default',
    severity: 'warning',
    message: `${where} ON DELETE SET DEFAULT: unless ${key.target.sql} has a row that the default refers to, and keeps it, a ${what} that such a row hangs on cannot be deleted.`,
    remedy: `See to it that the row is there and stays. Or let the rows go too: ${cascade(sequelize, key)}`,
  }
}

/** The statements that make a foreign key delete what hangs on the deleted row. */
export function cascade(sequelize: Sequelize, key: ForeignKey): string {
  const quote = quoterOf(sequelize)
  const columns = (names: readonly string[]): string => names.map(quote).join(', ')
  const targets = key.targetColumns.length > 0 ? ` (${columns(key.targetColumns)})` : ''
  const definition = `FOREIGN KEY (${columns(key.columns)}) REFERENCES ${key.reference}${targets} ON DELETE CASCADE ON UPDATE ${key.onUpdate}`
  const name = quote(key.name)
  if (isPostgres(sequelize)) {
    return `ALTER TABLE ${key.table.sql} DROP CONSTRAINT ${name}, ADD CONSTRAINT ${name} ${definition};`
  }
  if (isMysql(sequelize)) {
    return `ALTER TABLE ${key.table.sql} DROP FOREIGN KEY ${name}; ALTER TABLE ${key.table.sql} ADD CONSTRAINT ${name} ${definition};`
  }
  return `SQLite cannot change a foreign key: make ${key.table.sql} anew with ${definition}, and copy its rows.`
}

function dropNotNull(sequelize: Sequelize, key: ForeignKey, names: readonly string[]): string {
  const quote = quoterOf(sequelize)
  return isPostgres(sequelize)
    ? `ALTER TABLE ${key.table.sql} ${names.map((name) => `ALTER COLUMN ${quote(name)} DROP NOT NULL`).join(', ')};`
    : `Let ${names.join(', ')} of ${key.table.sql} be null.`
}

/** MySQL's; the others take as much. */
const LONGEST_NAME = 60

/** The statement that makes an index; on PostgreSQL without keeping writers out, where that can be. */
export function createIndex(
  sequelize: Sequelize,
  table: Table,
  columns: readonly string[],
  { unique = false } = {},
): string {
  const quote = quoterOf(sequelize)
  const kind = unique ? 'UNIQUE INDEX' : 'INDEX'
  const list = columns.map(quote).join(', ')
  if (isPostgres(sequelize)) {
    // A partitioned table refuses CONCURRENTLY.
    return `CREATE ${kind}${table.isPartitioned ? '' : ' CONCURRENTLY'} ON ${table.sql} (${list});`
  }
  return `CREATE ${kind} ${quote(`${table.name}_${columns.join('_')}`.slice(0, LONGEST_NAME))} ON ${table.sql} (${list});`
}
