import { DataTypes, type Model, type ModelStatic } from 'sequelize'
import { validate } from 'uuid'
import { InvalidOption } from '../invalid-option.js'

/** A users row's primary key. */
export type UserId = number | string

/**
 * A user's primary key, as the database has it: a getter may make something else of it.
 *
 * @throws {TypeError} if the user has none yet
 */
export function keyOf(user: Model): UserId {
  const { primaryKeyAttribute } = user.constructor as ModelStatic<Model>
  const id: unknown = user.getDataValue(primaryKeyAttribute as never)
  if (isUserId(id)) return id
  if (typeof id === 'bigint') return String(id)
  throw new InvalidOption('The user has no primary key: was it saved?')
}

/** Whether a value could be a primary key, as a session stores it. */
export function isUserId(value: unknown): value is UserId {
  return typeof value === 'number' || (typeof value === 'string' && value !== '')
}

/**
 * Whether a value could be this model's primary key. A session can be older than the column's type. For a key of another
 * type PostgreSQL fails, and MySQL finds another user's row: the number 7 equals the text `7a9d…` there.
 */
export function couldBeKey(User: ModelStatic<Model>, value: unknown): value is UserId {
  if (!isUserId(value)) return false
  const type: unknown = User.getAttributes()[User.primaryKeyAttribute]?.type
  if (type instanceof DataTypes.NUMBER) return /^-?\d+$/.test(String(value))
  return typeof value === 'string' && (!(type instanceof DataTypes.UUID) || validate(value))
}

/** Whether a users model's primary key is binary, as `BINARY(16)`, `BLOB` or `BYTEA`: a session cannot store it as it is. */
export function hasBinaryKey(User: ModelStatic<Model>): boolean {
  const type: unknown = User.getAttributes()[User.primaryKeyAttribute]?.type
  if (typeof type === 'string') return /binary|blob|bytea/i.test(type)
  return (
    type instanceof DataTypes.BLOB ||
    (type instanceof DataTypes.STRING && (type as { readonly _binary?: boolean })._binary === true)
  )
}
