import {
  col,
  fn,
  Op,
  where,
  type Model,
  type ModelStatic,
  type Transaction,
  type WhereOptions,
} from 'sequelize'
import { fieldOf, sequelizeOf } from '../../database/columns.js'
import type { UserId } from '../guest.js'
import { dialectOf } from '../../database/dialect.js'

/** Whose value it may be, and in which transaction to look. */
interface Question {
  /** The guest, whose own values are nobody else's. */
  readonly except: UserId
  readonly transaction?: Transaction
}

/**
 * Whether a users row of somebody else has this value, whatever scopes, soft deletion and hooks of the model hide: they do
 * not hide it from a unique index.
 */
export async function isTaken(
  User: ModelStatic<Model>,
  attribute: string,
  value: unknown,
  question: Question,
): Promise<boolean> {
  return await isThere(User, { [attribute]: value }, question)
}

/**
 * The same of an e-mail address, for which capital and small letters are one: as the database knows them, and ASCII in any
 * case. On PostgreSQL and SQLite a large table wants an index over `lower(…)` for it; MySQL's collations compare so.
 */
export async function isAddressTaken(
  User: ModelStatic<Model>,
  attribute: string,
  address: string,
  question: Question,
): Promise<boolean> {
  return await isThere(User, inAnyCase(User, attribute, address), question)
}

async function isThere(
  User: ModelStatic<Model>,
  condition: WhereOptions,
  { except, transaction }: Question,
): Promise<boolean> {
  const options = {
    attributes: [User.primaryKeyAttribute],
    where: {
      [Op.and]: [{ [User.primaryKeyAttribute]: { [Op.ne]: except } }, condition],
    } as WhereOptions,
    paranoid: false,
    useMaster: true,
    raw: true,
    hooks: false, // Sequelize's types leave it out
    ...(transaction && { transaction }),
  }
  return (await User.unscoped().findOne(options)) !== null
}

function inAnyCase(User: ModelStatic<Model>, attribute: string, address: string): WhereOptions {
  if (dialectOf(sequelizeOf(User)).comparesWithoutCase) return { [attribute]: address }
  const ascii = address.replace(/[A-Z]+/g, (capitals) => capitals.toLowerCase())
  const lowered = where(fn('lower', col(fieldOf(User, attribute))), {
    [Op.in]: [...new Set([ascii, address.toLowerCase()])],
  })
  return { [Op.or]: [{ [attribute]: address }, lowered] }
}

/** The attributes among these values that the model declares unique by themselves. */
export function uniqueAttributes(User: ModelStatic<Model>, values: object): string[] {
  const attributes = User.getAttributes()
  return Object.keys(values).filter((name) => attributes[name]?.unique === true)
}
