import { DataTypes, Utils, type Model, type ModelStatic } from 'sequelize'
import { hostOptions, sequelizeOf } from './columns.js'
import { internals, type HostModel } from './host-model.js'

/** An INSERT without what would follow it, and what it binds. */
export interface Insert {
  readonly query: string
  readonly bind: readonly unknown[]
  /** Whether the text is the same for other values: an expression among them is part of it. */
  readonly isStable: boolean
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

type Values = Readonly<Record<string, unknown>>
type Attribute = readonly [name: string, definition: ReturnType<HostModel['getAttributes']>[string]]

/**
 * Makes the INSERTs that `create` would send: with defaults, timestamps, and validated if there is anything to check.
 *
 * The dialect takes far longer to write a statement than the driver takes to send it, so a text is written once for
 * each set of columns, and after that only the values are new. Types that the dialect spells in a way of its own
 * (JSON, ENUM, …) have theirs written anew every time.
 */
export function inserterOf<M extends Model>(Host: ModelStatic<M>): (values: object) => Promise<Insert> {
  const attributes = Object.entries(Host.getAttributes()).filter(
    ([, { type }]) => !(type instanceof DataTypes.VIRTUAL),
  )
  const timestamps = timestampsOf(Host)
  const validated = hasValidators(Host)
  const known = new Map<string, { readonly query: string; readonly bound: readonly string[] }>()
  const { timezone, typeValidation, omitNull } = hostOptions(sequelizeOf(Host))
  const plainDialect = timezone === '+00:00' && typeValidation !== true && omitNull !== true

  return async function insert(values) {
    const instance = Host.build(values as never)
    const now = new Date()
    for (const name of timestamps) {
      if (instance.getDataValue(name as never) === undefined) instance.setDataValue(name as never, now)
    }
    if (validated) await instance.validate({ hooks: false })
    return write(instance.dataValues as Values)
  }

  function write(values: Values): Insert {
    const set = attributes.filter(([name]) => values[name] !== undefined)
    if (!plainDialect || !set.every(([name, { type }]) => isBoundAsItIs(type, values[name])))
      return writeInsert(Host, set, values)

    // A key that is left to the database is null here and DEFAULT there: it is not bound.
    const bound = set.filter(([name, { autoIncrement }]) => autoIncrement !== true || values[name] !== null)
    const key = `${set.map(([name]) => name).join()}|${bound.length}`
    let text = known.get(key)
    if (text === undefined) {
      text = { query: writeInsert(Host, set, values).query, bound: bound.map(([name]) => name) }
      known.set(key, text)
    }
    return { query: text.query, bind: text.bound.map((name) => spelt(values[name])), isStable: true }
  }
}

/** The dialect's own INSERT. */
function writeInsert(Host: HostModel, set: readonly Attribute[], values: Values): Insert {
  const generator = sequelizeOf(Host).getQueryInterface().queryGenerator as InsertGenerator
  const fields = Object.fromEntries(set.map(([name, { field }]) => [field ?? name, values[name]]))
  const { query, bind = [] } = generator.insertQuery(Host.getTableName(), fields, Host.getAttributes(), {
    returning: false,
  })
  const isStable = !Object.values(fields).some((value) => value instanceof Utils.SequelizeMethod)
  return { query: query.replace(/;\s*$/, ''), bind, isStable }
}

/** Whether the dialect leaves a value of this type to the driver, or, a date, writes it in UTC. */
function isBoundAsItIs(type: unknown, value: unknown): boolean {
  switch (typeof value) {
    case 'string':
      return (
        type instanceof DataTypes.STRING || type instanceof DataTypes.TEXT || type instanceof DataTypes.UUID
      )
    case 'number':
      return type instanceof DataTypes.INTEGER
    case 'boolean':
      return type instanceof DataTypes.BOOLEAN
    default:
      return value === null || (value instanceof Date && type instanceof DataTypes.DATE)
  }
}

function spelt(value: unknown): unknown {
  return value instanceof Date ? value.toISOString() : value
}

/** The attributes that a new row is stamped with. */
function timestampsOf(Host: HostModel): string[] {
  const { timestamps, createdAt, updatedAt } = internals(Host).options
  if (timestamps === false) return []
  return [
    ...(createdAt === false ? [] : [typeof createdAt === 'string' ? createdAt : 'createdAt']),
    ...(updatedAt === false ? [] : [typeof updatedAt === 'string' ? updatedAt : 'updatedAt']),
  ]
}

function hasValidators(Host: HostModel): boolean {
  return (
    Object.keys(internals(Host).options.validate ?? {}).length > 0 ||
    Object.values(Host.getAttributes()).some(({ validate }) => validate !== undefined)
  )
}
