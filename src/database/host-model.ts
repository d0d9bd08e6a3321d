import type { Model, ModelStatic } from 'sequelize'
import { columnsOf, hostOptions, quotedField, sequelizeOf, type Column } from './columns.js'

/**
 * What an application can ask of its own model, and how to tell: a statement that goes past the ORM must do what the
 * ORM would have done, or not be used.
 */
export type HostModel = ModelStatic<Model>

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

export function internals(Host: HostModel): Internals {
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
  if (marksTheLiving(Host)) return undefined
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
  const attribute = deletionAttribute(Host)
  return attribute === undefined ? '' : ` AND ${alias}.${quotedField(Host, attribute)} IS NULL`
}

/** Whether a paranoid model tells the living by a default value of `deletedAt`, rather than by NULL. */
function marksTheLiving(Host: HostModel): boolean {
  const attribute = deletionAttribute(Host)
  return attribute !== undefined && Boolean(Host.getAttributes()[attribute]?.defaultValue)
}

function deletionAttribute(Host: HostModel): string | undefined {
  const { paranoid, timestamps, deletedAt } = internals(Host).options
  if (paranoid !== true || timestamps === false) return undefined
  return typeof deletedAt === 'string' ? deletedAt : 'deletedAt'
}

/** Whether creating a row means no more than to insert it. Validators are run either way. */
export function isPlainlyCreated(Host: HostModel): boolean {
  const { dialectOptions } = hostOptions(sequelizeOf(Host))
  const searchPath = (dialectOptions as { prependSearchPath?: unknown } | undefined)?.prependSearchPath
  return !hasHook(Host, CREATE_HOOKS) && !internals(Host).options.version && !searchPath
}
