import type { Model, ModelStatic } from 'sequelize'
import { columnNamed, type Catalog, type ForeignKey, type Table } from '../../database/catalog.js'
import { columnsOf, fieldOf, quotedTable, sequelizeOf } from '../../database/columns.js'
import { guestSettings, type GuestModel } from '../../guest/guest.js'
import { type Visitor } from '../../visitor/visitor.js'
import { finding, type Finding } from '../finding.js'
import { hasIndexOn } from './foreign-keys.js'
import { addForeignKey, cascade, createIndex } from './remedies.js'
import { visitLogOf } from '../../visitor/visits/visitor-log.js'

interface Models {
  readonly Guest?: GuestModel
  readonly Visitor?: typeof Visitor
}

/** What is missing of this package's tables, and the foreign keys that have a finding here. */
export async function checkOwnTables(
  models: Models,
  catalog: Catalog,
  { hasUsers }: { readonly hasUsers: boolean },
): Promise<{ readonly findings: Finding[]; readonly keys: ForeignKey[] }> {
  const findings: Finding[] = []
  const keys: ForeignKey[] = []
  for (const model of ownModels(models)) {
    const table = await catalog.tableOf(model)
    if (table === undefined) findings.push(tableMissing(model, hasUsers))
    else findings.push(...checkColumns(model, table), ...checkIndexes(model, table))
  }
  for (const reference of ownReferences(models)) {
    const found = await checkOwnKey(reference, catalog)
    if (found === undefined) continue
    findings.push(found.finding)
    keys.push(...found.keys)
  }
  return { findings, keys }
}

function ownModels({ Guest, Visitor: Passes }: Models): ModelStatic<Model>[] {
  const settings = Guest?.[guestSettings]
  return [Passes, Passes && visitLogOf(Passes), Guest, settings?.PendingConversion, settings?.Outcome].filter(
    (model) => model !== undefined,
  )
}

const MIGRATE =
  "Run the migrations: 'passport-ephemeral migrate', or those of passport-ephemeral/migrations by a runner of yours"

function tableMissing(model: ModelStatic<Model>, hasUsers: boolean): Finding {
  return finding(
    'TABLE_MISSING',
    'error',
    `The table ${quotedTable(model)} of ${model.name} is not in the database.`,
    `${hasUsers ? '' : 'Once the table of users is there: '}${MIGRATE}, or sequelize.sync().`,
  )
}

function checkColumns(model: ModelStatic<Model>, table: Table): Finding[] {
  return columnsOf(model)
    .filter(({ field }) => columnNamed(table, field) === undefined)
    .map(({ field }) =>
      finding(
        'COLUMN_MISSING',
        'error',
        `${table.sql} has no column '${field}', which ${model.name} needs.`,
        `${MIGRATE}. A column of 'attributes' needs a migration of yours.`,
      ),
    )
}

/** A unique index keeps two requests from storing what may be there once; the others are for speed. */
function checkIndexes(model: ModelStatic<Model>, table: Table): Finding[] {
  const primary = model.primaryKeyAttributes.map((attribute) => fieldOf(model, attribute))
  const wanted = [
    { columns: primary, unique: true },
    ...(model.options.indexes ?? []).map(({ fields = [], unique = false }) => ({
      columns: fields.map(String),
      unique,
    })),
  ]
  return wanted
    .filter(({ columns }) => columns.every((column) => columnNamed(table, column) !== undefined))
    .filter(({ columns, unique }) => !hasIndexOn(table, columns, { unique }))
    .map(({ columns, unique }) =>
      finding(
        'INDEX_MISSING',
        unique ? 'error' : 'warning',
        `${table.sql} has no ${unique ? 'unique ' : ''}index on ${columns.join(', ')}, which the migrations create.`,
        createIndex(sequelizeOf(model), table, columns, { unique }),
      ),
    )
}

/** Rows of this package that are deleted with another row. */
interface OwnReference {
  readonly model: ModelStatic<Model>
  readonly attribute: string
  readonly target: ModelStatic<Model>
  readonly targetAttribute: string
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
    references.push({
      model: visitLogOf(Passes),
      attribute: 'visitorId',
      target: Passes,
      targetAttribute: 'id',
    })
  }
  return references
}

/** Whether the database deletes these rows with the row to which they refer. */
async function checkOwnKey(
  { model, attribute, target: Target, targetAttribute }: OwnReference,
  catalog: Catalog,
): Promise<{ readonly finding: Finding; readonly keys: readonly ForeignKey[] } | undefined> {
  const table = await catalog.tableOf(model)
  const target = await catalog.tableOf(Target)
  const column = table && columnNamed(table, fieldOf(model, attribute))?.name
  if (table === undefined || target === undefined || column === undefined) return undefined // has a finding
  const keys = catalog.foreignKeys.filter(
    (key) => key.table === table && key.target === target && key.columns.join() === column,
  )
  if (keys.some(({ onDelete }) => onDelete === 'CASCADE')) return undefined
  const sequelize = sequelizeOf(model)
  const [key] = keys
  const problem =
    key === undefined
      ? `has no foreign key to ${target.sql}`
      : `refers to ${target.sql} ON DELETE ${key.onDelete}, not CASCADE`
  return {
    keys,
    finding: finding(
      'OWN_FOREIGN_KEY_MISSING',
      'error',
      `${table.sql} (${column}) ${problem}: deleting what rows of ${model.name} belong to fails, or leaves them behind.`,
      key === undefined
        ? addForeignKey(sequelize, { table, column, target, targetColumn: fieldOf(Target, targetAttribute) })
        : cascade(sequelize, key),
    ),
  }
}
