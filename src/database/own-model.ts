import {
  col,
  DataTypes,
  fn,
  Utils,
  type IndexesOptions,
  type InitOptions,
  type Model,
  type ModelAttributes,
  type ModelStatic,
  type Sequelize,
} from 'sequelize'
import { InvalidOption } from '../invalid-option.js'
import { columnNameOf, sequelizeOf } from './columns.js'
import { dialectOf } from './dialect.js'

/** An index over attributes. */
interface OwnIndex {
  readonly attributes: readonly string[]
  readonly unique?: true
  /** Whether the only attribute is looked up in any letter case. */
  readonly lowerCase?: true
}

/** How a model of this package differs from the next: where it is, and what is looked up in it. */
export interface OwnModelOptions {
  readonly modelName: string
  readonly tableName: string | undefined
  readonly schema: string | undefined
  /** Overrides the host's setting for all models. */
  readonly underscored: boolean | undefined
  /** Whether rows say when they were made. @default true */
  readonly createdAt?: false
  /** Whether rows are ever changed, and say when. */
  readonly updatedAt: boolean
  /** By attributes. */
  readonly indexes: readonly OwnIndex[]
}

/** Where a table is that belongs to another model's, and what the host's conventions make of it. */
export type OwnTable = Pick<OwnModelOptions, 'modelName' | 'tableName' | 'schema' | 'underscored'>

/**
 * Initialises a model of this package on the host's instance. The host's conventions name its table and columns; what
 * else the host sets by `define` (soft deletion, versions, a default scope, hooks, other names for timestamps) must not reach
 * in: a `Guest` row that is only marked as deleted would leave a converted user a guest.
 */
export function initOwnModel<M extends Model>(
  OwnModel: ModelStatic<M>,
  sequelize: Sequelize,
  attributes: ModelAttributes<M>,
  { modelName, tableName, schema, underscored, createdAt, updatedAt, indexes }: OwnModelOptions,
): void {
  if (sequelize.isDefined(modelName) && !isSameKind(OwnModel, sequelize.model(modelName))) {
    throw new InvalidOption(
      `A model named '${modelName}' is already defined on this Sequelize instance: choose another name for ours by ` +
        `the option 'modelName'`,
    )
  }
  const options: InitOptions = {
    sequelize,
    modelName,
    ...(tableName !== undefined && { tableName }),
    ...(schema !== undefined && { schema }),
    ...(underscored !== undefined && { underscored }),
    paranoid: false,
    version: false,
    timestamps: true,
    createdAt: createdAt ?? 'createdAt',
    updatedAt: updatedAt ? 'updatedAt' : false,
    indexes: indexes.map(({ attributes: fields, unique = false }) => ({ fields: [...fields], unique })),
  }
  ;(OwnModel as unknown as { init: (attributes: object, options: InitOptions) => void }).init(
    attributes,
    options,
  )
  OwnModel.addScope('defaultScope', {}, { override: true })
  OwnModel.options.hooks = {}
  readInstances(OwnModel)
  readDates(OwnModel)

  // Sequelize's indexes name columns, whose names are known only now.
  OwnModel.options.indexes?.forEach((index, place) => {
    const { attributes: over = [], lowerCase = false } = indexes[place] ?? {}
    Object.assign(index, indexOver(OwnModel, over, lowerCase))
  })
}

/** The fields of an index; with a name where Sequelize makes none: over an expression. */
export function indexOver(
  model: ModelStatic<Model>,
  attributes: readonly string[],
  lowerCase: boolean,
): Pick<IndexesOptions, 'name'> & Required<Pick<IndexesOptions, 'fields'>> {
  const columns = attributes.map((attribute) => columnNameOf(model, attribute))
  if (!lowerCase || dialectOf(sequelizeOf(model)).comparesWithoutCase) return { fields: columns }
  const table: string | { readonly tableName: string } = model.getTableName()
  const name = `${typeof table === 'string' ? table : table.tableName}_lower_${columns.join('_')}`
  return { name: Utils.underscoredIf(name, true), fields: columns.map((column) => fn('lower', col(column))) }
}

/** The column of an index that {@link indexOver} made over its lower case; `undefined` for any other field of an index. */
export function loweredColumn(field: unknown): string | undefined {
  if (typeof field !== 'object' || field === null) return undefined
  const { args: [column] = [] } = field as { args?: readonly { readonly col?: string }[] }
  return column?.col
}

/** Whether a model of that name is an earlier definition of this one, to be replaced as Sequelize does. */
function isSameKind(OwnModel: ModelStatic<Model>, existing: ModelStatic<Model>): boolean {
  const kind = Object.getPrototypeOf(OwnModel) as ModelStatic<Model>
  return existing.prototype instanceof kind
}

/** Reads give instances unless they ask for `raw: true` themselves, whatever the host's `query` sets for all statements. */
function readInstances(OwnModel: ModelStatic<Model>): void {
  OwnModel.addHook('beforeFind', (options: { raw?: boolean }) => {
    options.raw ??= false
  })
}

/** Times are `Date`s, also where a type parser of the host makes texts or numbers of them. */
function readDates(OwnModel: ModelStatic<Model>): void {
  for (const [name, attribute] of Object.entries(OwnModel.getAttributes())) {
    if (!(attribute.type instanceof DataTypes.DATE) || 'get' in attribute) continue
    attribute.get = function (this: Model) {
      const value: unknown = this.getDataValue(name)
      return typeof value === 'string' || typeof value === 'number' ? new Date(value) : value
    }
  }
  ;(OwnModel as ModelStatic<Model> & Refreshable).refreshAttributes()
}

/** Sequelize's types leave it out. */
interface Refreshable {
  refreshAttributes: () => void
}
