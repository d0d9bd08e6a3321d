import type { Model, ModelStatic, Sequelize } from 'sequelize'
import { columnNamed, type Catalog, type Table } from '../../database/catalog.js'
import { columnsOf, columnNameOf, quotedTable, sequelizeOf } from '../../database/columns.js'
import { loweredColumn } from '../../database/own-model.js'
import { guestSettings, type GuestModel } from '../../guest/guest.js'
import type { Visitor } from '../../visitor/visitor.js'
import { visitLogOf } from '../../visitor/visits/visitor-log.js'
import type { Report } from '../finding.js'
import { createIndex } from './remedies.js'
import { hasLoweredIndex } from './users-table.js'

/** The models whose tables are checked. */
export interface Models {
  readonly sequelize: Sequelize
  readonly Guest?: GuestModel
  readonly Visitor?: typeof Visitor
}

const MIGRATE =
  "Run the migrations: 'passport-ephemeral migrate', or those of passport-ephemeral/migrations by a runner of yours"

/** The models whose tables this package needs, in the order in which they refer to each other. */
export function ownModels({ Guest, Visitor: Passes }: Models): ModelStatic<Model>[] {
  const settings = Guest?.[guestSettings]
  return [Passes, Passes && visitLogOf(Passes), Guest, settings?.PendingConversion, settings?.Outcome].filter(
    (model) => model !== undefined,
  )
}

/** Checks the users table and the tables of this package. Returns whether every table and column is there. */
export async function checkTables(models: Models, catalog: Catalog, report: Report): Promise<boolean> {
  const User = models.Guest?.[guestSettings].User
  const hasUsers = User === undefined || (await catalog.tableOf(User)) !== undefined
  if (!hasUsers) {
    report(
      'USERS_TABLE_MISSING',
      'error',
      `The table ${quotedTable(User)} of ${User.name}, to which guests belong, is not in the database.`,
      `Run your application's own migrations first. If they have run: is it the same database and schema, and is the tableName of ${User.name} right?`,
    )
  }
  let isComplete = hasUsers
  for (const model of ownModels(models)) {
    const table = await catalog.tableOf(model)
    if (table === undefined) {
      report(
        'TABLE_MISSING',
        'error',
        `The table ${quotedTable(model)} of ${model.name} is not in the database.`,
        `${hasUsers ? '' : 'Once the table of users is there: '}${MIGRATE}, or sequelize.sync().`,
      )
    } else checkIndexes(model, table, report)
    isComplete &&= table !== undefined && hasColumns(model, table, report)
  }
  return isComplete
}

function hasColumns(model: ModelStatic<Model>, table: Table, report: Report): boolean {
  const missing = columnsOf(model).filter(({ field }) => columnNamed(table, field) === undefined)
  for (const { field } of missing) {
    report(
      'COLUMN_MISSING',
      'error',
      `${table.sql} has no column '${field}', which ${model.name} needs.`,
      `${MIGRATE}. A column of 'attributes' needs a migration of yours.`,
    )
  }
  return missing.length === 0
}

/** A unique index keeps two requests from storing what may be there once; the others are for speed. */
function checkIndexes(model: ModelStatic<Model>, table: Table, report: Report): void {
  const primary = model.primaryKeyAttributes.map((attribute) => columnNameOf(model, attribute))
  const required = [{ fields: primary, unique: true }, ...(model.options.indexes ?? [])]
  for (const { fields = [], unique = false } of required) {
    const lowered = loweredColumn(fields[0])
    const lower = lowered !== undefined
    const names = lower ? [lowered] : fields.map(String)
    const columns = names.flatMap((name) => columnNamed(table, name)?.name ?? [])
    const [first = ''] = columns
    const isThere = lower ? hasLoweredIndex(table, first) : hasIndexOn(table, columns, { unique })
    if (columns.length < names.length || isThere) continue
    const list = lower ? `lower(${first})` : columns.join(', ')
    report(
      'INDEX_MISSING',
      unique ? 'error' : 'warning',
      `${table.sql} has no ${unique ? 'unique ' : ''}index on ${list}, which the migrations create.`,
      createIndex(sequelizeOf(model), table, columns, { unique, lower }),
    )
  }
}

/** Whether looking rows up by these columns is quick: an index that begins with them, in any order, and leaves out none. */
export function hasIndexOn(table: Table, columns: readonly string[], { unique = false } = {}): boolean {
  return table.indexes.some(({ parts, predicate, isUnique, isUsable }) => {
    if (!isUsable || (unique && !(isUnique && parts.length === columns.length))) return false
    const leading = parts.slice(0, columns.length).map(({ field }) => field)
    if (!columns.every((column) => leading.includes(column))) return false
    return predicate === undefined || (!unique && coversAllReferences(predicate, columns))
  })
}

/** An index of the rows that refer to something at all serves as well as one of all rows. */
function coversAllReferences(predicate: string, columns: readonly string[]): boolean {
  const bare = predicate.replace(/[()"]/g, '')
  return columns.some((column) => bare === `${column} IS NOT NULL`)
}
