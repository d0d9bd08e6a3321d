import {
  col,
  DataTypes,
  fn,
  Op,
  where,
  type Model,
  type ModelStatic,
  type Transaction,
  type WhereOptions,
} from 'sequelize'
import { fieldOf } from '../../database/columns.js'
import type { UserId } from '../guest.js'

/** Whose value it may be, and in which transaction to look. */
interface Question {
  /** The guest, whose own values are nobody else's. */
  readonly except: UserId
  readonly transaction?: Transaction
}

/**
 * Whether a users row of somebody else has this value, whatever scopes, soft deletion and hooks of the model hide: they do
 * not hide it from a unique index. Capital and small letters are one: as the database knows them, and ASCII in any case.
 * On a large table that wants an index over `lower(…)`.
 */
export async function isTaken(
  User: ModelStatic<Model>,
  attribute: string,
  value: unknown,
  { except, transaction }: Question,
): Promise<boolean> {
  const options = {
    attributes: [User.primaryKeyAttribute],
    where: {
      [Op.and]: [{ [User.primaryKeyAttribute]: { [Op.ne]: except } }, sameAs(User, attribute, value)],
    } as WhereOptions,
    paranoid: false,
    useMaster: true,
    raw: true,
    hooks: false, // Sequelize's types leave it out
    ...(transaction && { transaction }),
  }
  return (await User.unscoped().findOne(options)) !== null
}

function sameAs(User: ModelStatic<Model>, attribute: string, value: unknown): WhereOptions {
  if (typeof value !== 'string' || !isText(User, attribute)) return { [attribute]: value }
  const ascii = value.replace(/[A-Z]+/g, (capitals) => capitals.toLowerCase())
  const lowered = where(fn('lower', col(fieldOf(User, attribute))), {
    [Op.in]: [...new Set([ascii, value.toLowerCase()])],
  })
  return { [Op.or]: [{ [attribute]: value }, lowered] }
}

function isText(User: ModelStatic<Model>, attribute: string): boolean {
  const type: unknown = User.getAttributes()[attribute]?.type
  return [DataTypes.STRING, DataTypes.TEXT, DataTypes.CHAR, DataTypes.CITEXT].some(
    (text) => type instanceof text,
  )
}

/** The attributes among these values that the model declares unique by themselves. */
export function uniqueAttributes(User: ModelStatic<Model>, values: object): string[] {
  const attributes = User.getAttributes()
  return Object.keys(values).filter((name) => attributes[name]?.unique === true)
}
