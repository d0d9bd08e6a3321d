import type { Model, ModelStatic } from 'sequelize'
import { fieldOf, quoterOf, sequelizeOf } from '../../database/columns.js'
import { guestSettings, type GuestModel } from '../../guest/guest.js'
import { visitorSettings, type Visitor } from '../../visitor/visitor.js'
import type { Finding } from '../finding.js'
import { columnNamed, type Catalog, type ForeignKey, type Table } from '../../database/catalog.js'
import { cascade } from './foreign-keys.js'
import { isMysql, isPostgres } from '../../database/dialect.js'

interface Models {
  readonly Guest?: GuestModel | undefined
  readonly Visitor?: typeof Visitor | undefined
}

/** What of this package's rows must go with which other row. */
interface OwnReference {
  readonly model: ModelStatic<Model>
  readonly attribute: string
  readonly target: ModelStatic<Model>
  readonly targetAttribute: string
}

/** Foreign keys of this package's tables that are not there, or do not delete; and those of the database that this is about. */
export async function checkOwnKeys(
  models: Models,
  catalog: Catalog,
): Promise<{ findings: readonly Finding[]; keys: readonly ForeignKey[] }> {
  const findings: Finding[] = []
  const keys: ForeignKey[] = []
  for (const reference of ownReferences(models)) {
    const table = await catalog.tableOf(reference.model)
    const target = await catalog.tableOf(reference.target)
    const field = fieldOf(reference.model, reference.attribute)
    const column = table && columnNamed(table, field)?.name
    if (table === undefined || target === undefined || column === undefined) continue // a finding of its own
    const found = catalog.foreignKeys.filter(
      (key) => key.table === table && key.target === target && key.columns.join() === column,
    )
    if (found.some(({ onDelete }) => onDelete === 'CASCADE')) continue
    keys.push(...found)
    findings.push(missing(reference, { table, target, column, key: found[0] }))
  }
  return { findings, keys }
}

function ownReferences({ Guest, Visitor: Passes }: Models): OwnReference[] {
  const references: OwnReference[] = []
  if (Guest !== undefined) {
    const { User, PendingConversion } = Guest[guestSettings]
    references.push(
      { model: Guest, attribute: 'userId', target: User, targetAttribute: User.primaryKeyAttribute },
      { model: PendingConversion, attribute: 'userId', target: Guest, targetAttribute: 'userId' },
    )
  }
  if (Passes !== undefined) {
    const { VisitorLog } = Passes[visitorSettings]
    references.push({ model: VisitorLog, attribute: 'visitorId', target: Passes, targetAttribute: 'id' })
  }
  return references
}

interface Place {
  readonly table: Table
  readonly target: Table
  readonly column: string
  /** What is there in its place. */
  readonly key: ForeignKey | undefined
}

function missing(reference: OwnReference, { table, target, column, key }: Place): Finding {
  const sequelize = sequelizeOf(reference.model)
  const what = `${table.sql} (${column})`
  if (key !== undefined) {
    return {
      code: 'own-foreign-key-missing',
      severity: 'error',
      message: `${what} refers to ${target.sql} ON DELETE ${key.onDelete}, and this package counts on ON DELETE CASCADE.`,
      remedy: cascade(sequelize, key),
    }
  }
  const quote = quoterOf(sequelize)
  const targetColumn = quote(fieldOf(reference.target, reference.targetAttribute))
  const definition = `FOREIGN KEY (${quote(column)}) REFERENCES ${target.sql} (${targetColumn}) ON DELETE CASCADE ON UPDATE CASCADE`
  // With rows that refer to nothing, no database takes the key.
  const clear = `DELETE FROM ${table.sql} WHERE NOT EXISTS (SELECT 1 FROM ${target.sql} WHERE ${target.sql}.${targetColumn} = ${table.sql}.${quote(column)});`
  const canAlter = isPostgres(sequelize) || isMysql(sequelize)
  return {
    code: 'own-foreign-key-missing',
    severity: 'error',
    message: `${what} has no foreign key to ${target.sql}: rows of ${reference.model.name} outlive what they belong to.`,
    remedy: canAlter
      ? `${clear} ALTER TABLE ${table.sql} ADD ${definition};`
      : `SQLite cannot add a foreign key: make ${table.sql} anew with ${definition}, and copy its rows, but for those that refer to nothing.`,
  }
}
