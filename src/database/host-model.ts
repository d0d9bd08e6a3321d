import { DataTypes, type Model, type ModelStatic } from 'sequelize'
import { columnsOf, fieldOf, hostOptions, quote, sequelizeOf, type Column } from './columns.js'

/**
 * What an application can ask of its own model, and how to tell: a statement that goes past the ORM must do what the
 * ORM would have done, or not be used.
 */
type HostModel = ModelStatic<Model>

/** The parts of a model that Sequelize's types leave out. */
interface Internals {
  readonly _scope?: Readonly<Record<string, unknown>>
  readonly options: {
    readonly validate?: object
    readonly version?: unknown
    readonly timestamps?: boolean
    readonly createdAt?: string | boolean
    readonly updatedAt?: string | boolean
    readonly deletedAt?: string | boolean
    readonly paranoid?: boolean
  }
}

/** Sequelize's types leave out some of its hooks. */
interface HookBearer {
  hasHook: (name: string) => boolean
}

/** The part of the dialect's generator that writes an INSERT; untyped in Sequelize. */
interface InsertGenerator {
  insertQuery: (
    table: ReturnType<HostModel['getTableName']>,
    values: Record<string, unknown>,
    attributes: ReturnType<HostModel['getAttributes']>,
    options: object,
  ) => { query: string; bind?: unknown[] }
}

const FIND_HOOKS = ['beforeFind', 'beforeFindAfterExpandIncludeAll', 'beforeFindAfterOptions', 'afterFind']
const CREATE_HOOKS = [
  'beforeValidate',
  'afterValidate',
  'validationFailed',
  'beforeCreate',
  'afterCreate',
  'beforeSave',
  'afterSave',
]

function internals(Host: HostModel): Internals {
  return Host
}

/** Hooks of the model, and those of the whole Sequelize instance, which run for every model. */
function hasHook(Host: HostModel, names: readonly string[]): boolean {
  const listeners: readonly HookBearer[] = [
    Host as unknown as HookBearer,
    sequelizeOf(Host) as unknown as HookBearer,
  ]
  return names.some((name) => listeners.some((listener) => listener.hasHook(name)))
}

/**
 * The columns that the model's default scope shows, or `undefined` if reading the model means more than that: hooks,
 * or a scope with conditions, includes and the like.
 */
export function plainlyReadColumns(Host: HostModel): Column[] | undefined {
  const { attributes, ...rest } = internals(Host)._scope ?? {}
  if (hasHook(Host, FIND_HOOKS) || Object.values(rest).some((value) => value !== undefined)) return undefined
  const all = columnsOf(Host)
  const shown = shownColumns(all, attributes)
  return shown?.some(({ attribute }) => attribute === Host.primaryKeyAttribute) === true ? shown : undefined
}

function shownColumns(all: Column[], attributes: unknown): Column[] | undefined {
  if (attributes === undefined) return all
  if (Array.isArray(attributes)) {
    return attributes.every((name) => all.some(({ attribute }) => attribute === name))
      ? all.filter(({ attribute }) => attributes.includes(attribute))
      : undefined
  }
  const { exclude, include } = attributes as { exclude?: unknown; include?: unknown }
  if (include !== undefined || !Array.isArray(exclude)) return undefined
  return all.filter(({ attribute }) => !exclude.includes(attribute))
}

/** ` AND <alias>."deletedAt" IS NULL` for a paranoid model, otherwise nothing. */
export function notDeleted(Host: HostModel, alias: string): string {
  const { paranoid, timestamps, deletedAt } = internals(Host).options
  if (paranoid !== true || timestamps === false) return ''
  const attribute = typeof deletedAt === 'string' ? deletedAt : 'deletedAt'
  return ` AND ${alias}.${quote(Host, fieldOf(Host, attribute))} IS NULL`
}

/** Whether creating a row means no more than to insert it. Validators are run either way. */
export function isPlainlyCreated(Host: HostModel): boolean {
  const { dialectOptions } = hostOptions(sequelizeOf(Host))
  const searchPath = (dialectOptions as { prependSearchPath?: unknown } | undefined)?.prependSearchPath
  return !hasHook(Host, CREATE_HOOKS) && !internals(Host).options.version && !searchPath
}

/** Builds a new instance as `create` would: with defaults, timestamps, and validated if there is anything to check. */
export async function buildValid<M extends Model>(Host: ModelStatic<M>, values: object): Promise<M> {
  const instance = Host.build(values as never)
  const { timestamps, createdAt, updatedAt } = internals(Host).options
  const now = new Date()
  for (const [name, standard] of [
    [createdAt, 'createdAt'],
    [updatedAt, 'updatedAt'],
  ] as const) {
    if (timestamps === false || name === false) continue
    const attribute = typeof name === 'string' ? name : standard
    if (instance.getDataValue(attribute as never) === undefined)
      instance.setDataValue(attribute as never, now)
  }
  if (hasValidators(Host)) await instance.validate({ hooks: false })
  return instance
}

function hasValidators(Host: HostModel): boolean {
  return (
    Object.keys(internals(Host).options.validate ?? {}).length > 0 ||
    Object.values(Host.getAttributes()).some(({ validate }) => validate !== undefined)
  )
}

/** The dialect's INSERT for a new instance, without what would follow it, and the values that it binds. */
export function insertStatement(Host: HostModel, instance: Model): { query: string; bind: unknown[] } {
  const attributes = Host.getAttributes()
  const values: Record<string, unknown> = {}
  for (const [name, { type, field }] of Object.entries(attributes)) {
    const value: unknown = instance.getDataValue(name as never)
    if (value !== undefined && !(type instanceof DataTypes.VIRTUAL)) values[field ?? name] = value
  }
  const generator = sequelizeOf(Host).getQueryInterface().queryGenerator as InsertGenerator
  const { query, bind = [] } = generator.insertQuery(Host.getTableName(), values, attributes, {
    returning: false,
  })
  return { query: query.replace(/;\s*$/, ''), bind }
}
