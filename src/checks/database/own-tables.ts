import type { Model, ModelStatic } from 'sequelize'
import { columnsOf, declaredLength, quotedTable, sequelizeOf } from '../../database/columns.js'
import { guestSettings, type GuestModel } from '../../guest/guest.js'
import { visitorSettings, type Visitor } from '../../visitor/visitor.js'
import type { Finding } from '../finding.js'
import { columnNamed, hasIndexOn, type Catalog, type Table } from '../../database/catalog.js'
import { fitsType } from './column-types.js'
import { createIndex } from './foreign-keys.js'

const MIGRATE =
  "Run the migrations: 'passport-ephemeral migrate', or those of passport-ephemeral/migrations by a runner of yours"

/** The models of this package that an application uses, with those that came along. */
export function ownModels({ Guest, Visitor: Passes }: Models): ModelStatic<Model>[] {
  const settings = Guest?.[guestSettings]
  return [
    Passes,
    Passes?.[visitorSettings].VisitorLog,
    Guest,
    settings?.PendingConversion,
    settings?.Outcome,
  ].filter((model) => model !== undefined)
}

interface Models {
  readonly Guest?: GuestModel | undefined
  readonly Visitor?: typeof Visitor | undefined
}

/** The table that guests refer to is the application's; nothing of this package can be made before it. */
export async function checkUsersTable(Guest: GuestModel, catalog: Catalog): Promise<Finding[]> {
  const { User } = Guest[guestSettings]
  if ((await catalog.tableOf(User)) !== undefined) return []
  return [
    {
      code: 'users-table-missing',
      severity: 'error',
      message: `The table ${quotedTable(User)} of ${User.name}, to which guests belong, is not in the database.`,
      remedy: `Run your application's own migrations first. If they have run: is it the same database and schema, and does the tableName of ${User.name} say what the table is called?`,
    },
  ]
}

/** What is missing of one of this package's tables, against its model. */
export async function checkOwnTable(
  model: ModelStatic<Model>,
  catalog: Catalog,
  { hasUsers = true } = {},
): Promise<Finding[]> {
  const table = await catalog.tableOf(model)
  const migrate = hasUsers ? MIGRATE : `Once the table of users is there: ${MIGRATE}`
  if (table !== undefined) return [...checkColumns(model, table, migrate), ...checkIndexes(model, table)]
  return [
    {
      code: 'table-missing',
      severity: 'error',
      message: `The table ${quotedTable(model)} of ${model.name} is not in the database.`,
      remedy: `${migrate}, or sequelize.sync().`,
    },
  ]
}

function checkColumns(model: ModelStatic<Model>, table: Table, migrate: string): Finding[] {
  return columnsOf(model).flatMap(({ attribute, field }): Finding[] => {
    const column = columnNamed(table, field)
    if (column === undefined) {
      return [
        {
          code: 'column-missing',
          severity: 'error',
          message: `${table.sql} has no column '${field}', which ${model.name} needs.`,
          remedy: `${migrate}. A column of 'attributes' wants a migration of yours.`,
        },
      ]
    }
    const length = declaredLength(model, attribute)
    const type: unknown = model.getAttributes()[attribute]?.type
    if (fitsType(type, length, column.type)) return []
    return [
      {
        code: 'column-type',
        severity: 'error',
        message: `${table.sql}.${field} is ${column.type}, and ${model.name} needs ${String(type)}.`,
        remedy: `Change the column's type to what the migrations make: ${String(type)}.`,
      },
    ]
  })
}

/** What is unique keeps two requests from making two of what may be there once; the rest is for speed. */
function checkIndexes(model: ModelStatic<Model>, table: Table): Finding[] {
  const primary = model.primaryKeyAttributes.map(
    (attribute) => model.getAttributes()[attribute]?.field ?? attribute,
  )
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
    .map(({ columns, unique }) => ({
      code: 'index-missing',
      severity: unique ? 'error' : 'warning',
      message: `${table.sql} has no ${unique ? 'unique ' : ''}index on ${columns.join(', ')}, which the migrations make.`,
      remedy: createIndex(sequelizeOf(model), table, columns, { unique }),
    }))
}
