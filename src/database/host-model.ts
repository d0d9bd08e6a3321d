import { DataTypes, type Model, type ModelStatic } from 'sequelize'
import { columnsOf, hostOptions, quotedField, sequelizeOf, type Column } from './columns.js'
import { columnLiteral } from './dialect.js'

/**
 * What an application can ask of its own model, and how to tell: a statement that goes past the ORM must do what the
 * ORM would have done, or not be used.
 */
export type HostModel = ModelStatic<Model>

/** The parts of a model that Sequelize's types leave out. */
interface Internals {
  readonly _scope?: Readonly<Record<string, unknown>>
  readonly _timestampAttributes: {
    readonly createdAt?: string
    readonly updatedAt?: string
    /** Of a paranoid model only. */
    readonly deletedAt?: string
  }
  readonly options: { readonly version?: unknown }
}

/** Sequelize's types leave out some of its hooks. */
interface HookBearer {
  hasHook: (name: string) => boolean
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

/** Of a bulk deletion; those of single instances run only where they are asked for. */
const DESTROY_HOOKS = ['beforeBulkDestroy', 'afterBulkDestroy']

function internals(Host: HostModel): Internals {
  return Host as HostModel & Internals
}

/** The attributes in which Sequelize writes down when a row was created, changed and, if the model is paranoid, deleted. */
export function timestampsOf(Host: HostModel): Internals['_timestampAttributes'] {
  return internals(Host)._timestampAttributes
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
export function columnsForRawSelect(Host: HostModel): Column[] | undefined {
  const { attributes, ...rest } = internals(Host)._scope ?? {}
  if (hasHook(Host, FIND_HOOKS) || Object.values(rest).some((value) => value !== undefined)) return undefined
  if (usesSentinelDeletedAt(Host)) return undefined
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
  const attribute = timestampsOf(Host).deletedAt
  return attribute === undefined ? '' : ` AND ${alias}.${quotedField(Host, attribute)} IS NULL`
}

/** Whether a paranoid model tells the living by a default value of `deletedAt`, rather than by NULL. */
function usesSentinelDeletedAt(Host: HostModel): boolean {
  const attribute = timestampsOf(Host).deletedAt
  return attribute !== undefined && Boolean(Host.getAttributes()[attribute]?.defaultValue)
}

/** SQL over the table's own columns that holds for the rows of a paranoid model that are not marked as deleted. */
export function liveCondition(Host: HostModel): string | undefined {
  const attribute = timestampsOf(Host).deletedAt
  if (attribute === undefined) return undefined
  const field = quotedField(Host, attribute)
  if (!usesSentinelDeletedAt(Host)) return `${field} IS NULL`
  return `${field} = ${columnLiteral(Host, attribute, Host.getAttributes()[attribute]?.defaultValue)}`
}

/** Whether rows of this model are only marked as deleted. */
export function isParanoid(Host: HostModel): boolean {
  return timestampsOf(Host).deletedAt !== undefined
}

/**
 * The attributes that a row must have and that only the application can fill in: without a default, no timestamp, no
 * number that counts up. A hook could fill in some: `beforeValidate` any of them, a later one the primary key alone, which
 * Sequelize does not validate.
 */
export function attributesToFillIn(Host: HostModel): string[] {
  if (hasHook(Host, ['beforeValidate'])) return []
  const hooksMayFillKey = hasHook(Host, CREATE_HOOKS)
  return Object.entries(Host.getAttributes())
    .filter(([, definition]) => {
      const { allowNull, defaultValue, autoIncrement, primaryKey, type } = definition
      const generated = (definition as { _autoGenerated?: boolean })._autoGenerated === true
      const needed = primaryKey === true ? !hooksMayFillKey : allowNull === false
      return (
        needed &&
        defaultValue === undefined &&
        !autoIncrement &&
        !generated &&
        !(type instanceof DataTypes.VIRTUAL)
      )
    })
    .map(([name]) => name)
}

/** Whether the model may store something else than what an attribute is set to: by a setter, or by a hook. */
export function mayChange(Host: HostModel, attribute: string): boolean {
  const hasSetter =
    Host.getAttributes()[attribute]?.set !== undefined ||
    Object.hasOwn(Host.options.setterMethods ?? {}, attribute)
  return (
    hasSetter ||
    hasHook(Host, ['beforeValidate', 'afterValidate', 'beforeCreate', 'beforeUpdate', 'beforeSave'])
  )
}

/** Whether hooks of the application run when rows are deleted. */
export function hasDestroyHook(Host: HostModel): boolean {
  return hasHook(Host, DESTROY_HOOKS)
}

/** Whether creating a row means no more than to insert it. Validators are run either way. */
export function canInsertRaw(Host: HostModel): boolean {
  const { dialectOptions } = hostOptions(sequelizeOf(Host))
  const searchPath = (dialectOptions as { prependSearchPath?: unknown } | undefined)?.prependSearchPath
  return !hasHook(Host, CREATE_HOOKS) && !internals(Host).options.version && !searchPath
}
