import { DataTypes, type Model, type ModelStatic, type Options, type Sequelize } from 'sequelize'
import { InvalidOption } from '../invalid-option.js'

/** One column of a model that is read from a row. */
export interface Column {
  readonly attribute: string
  readonly field: string
}

/** The dialect's quoting, which Sequelize's types leave out. */
interface Quoting {
  quoteIdentifier: (name: string, force?: boolean) => string
  quoteTable: (table: ReturnType<ModelStatic<Model>['getTableName']>) => string
}

/** The model's columns, under whatever names the host's conventions gave them; virtual attributes have none. */
export function columnsOf(Model: ModelStatic<Model>): Column[] {
  return Object.entries(Model.getAttributes())
    .filter(([, definition]) => !(definition.type instanceof DataTypes.VIRTUAL))
    .map(([attribute, definition]) => ({ attribute, field: definition.field ?? attribute }))
}

/** The name of an attribute's column. */
export function columnNameOf(Model: ModelStatic<Model>, attribute: string): string {
  return Model.getAttributes()[attribute]?.field ?? attribute
}

/**
 * Quotes names, also where `quoteIdentifiers: false` leaves columns bare: PostgreSQL would lower the case of a bare
 * alias, and a name from the catalog can be any.
 */
export function quoterOf(sequelize: Sequelize): (name: string) => string {
  return (name) => quotingOf(sequelize).quoteIdentifier(name, true)
}

/** An attribute's column, quoted as Sequelize quotes it. */
export function quotedField(Model: ModelStatic<Model>, attribute: string): string {
  return quotingOf(sequelizeOf(Model)).quoteIdentifier(columnNameOf(Model, attribute))
}

/** The model's table, quoted, with its schema. */
export function quotedTable(Model: ModelStatic<Model>): string {
  return quotingOf(sequelizeOf(Model)).quoteTable(Model.getTableName())
}

/** `"field" AS "attribute"` for each column, for a SELECT or a RETURNING. */
export function selectList(
  Model: ModelStatic<Model>,
  columns: readonly Column[],
  from = '',
  prefix = '',
): string {
  const quoteAlways = quoterOf(sequelizeOf(Model))
  return columns
    .map(({ attribute }) => `${from}${quotedField(Model, attribute)} AS ${quoteAlways(prefix + attribute)}`)
    .join(', ')
}

/** The length that a STRING attribute was declared with, if it was. */
export function declaredLength(Model: ModelStatic<Model>, attribute: string): number | undefined {
  const type: unknown = Model.getAttributes()[attribute]?.type
  const length: unknown =
    type instanceof DataTypes.STRING ? (type as { _length?: unknown })._length : undefined
  return typeof length === 'number' ? length : undefined
}

/** Whether a column stores text. */
export function isText(Model: ModelStatic<Model>, attribute: string): boolean {
  const type: unknown = Model.getAttributes()[attribute]?.type
  if (typeof type === 'string') return /char|text/i.test(type)
  return [DataTypes.STRING, DataTypes.TEXT, DataTypes.CHAR, DataTypes.CITEXT].some(
    (Text) => type instanceof Text,
  )
}

/** The instance on which a model was defined. */
export function sequelizeOf(Model: ModelStatic<Model>): Sequelize {
  if (Model.sequelize === undefined)
    throw new InvalidOption(`${Model.name} was never initialised with a Sequelize instance`)
  return Model.sequelize
}

/** What `new Sequelize(…)` was given, which its types leave out. */
export function hostOptions(sequelize: Sequelize): Options {
  return (sequelize as unknown as { options: Options }).options
}

function quotingOf(sequelize: Sequelize): Quoting {
  return sequelize.getQueryInterface().queryGenerator as Quoting
}
