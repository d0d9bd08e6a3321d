import createDebug from 'debug'
import {
  col,
  fn,
  Op,
  UniqueConstraintError,
  where,
  type Model,
  type ModelStatic,
  type Transaction,
  type WhereOptions,
} from 'sequelize'
import { uniqueIndexesOf, type IndexPart, type UniqueIndex } from '../../database/catalog.js'
import { columnsOf, columnNameOf, sequelizeOf } from '../../database/columns.js'
import { dialectOf } from '../../database/dialect.js'
import { lockKey, retryTransaction } from '../../database/transactions.js'
import { warn } from '../../warning.js'
import { guestSettings } from '../guest.js'
import type { UserId } from '../user-key.js'
import type { ConversionSettings } from './settings.js'
import { describeError } from '../../http/redact-tokens.js'

const debug = createDebug('passport-ephemeral:convert')

/** Internal: values of a conversion belong to another user. Which ones, if that can be told. */
export class ValuesTaken extends Error {
  constructor(
    /** Attributes of `User`. */
    readonly attributes: readonly string[],
    cause?: unknown,
  ) {
    super(`Taken: ${attributes.join(', ')}`, { cause })
    this.name = 'ValuesTaken'
  }
}

/** What a guest is to become. A hash is never taken. */
interface Candidate {
  readonly userId: UserId
  readonly values: Readonly<Record<string, unknown>>
}

/**
 * Runs a conversion that refuses taken values. The unique indexes of the database decide. Values without an index are
 * looked up by `refuseTaken`, which the conversion calls in its transaction.
 *
 * @throws {ValuesTaken} and nothing is changed
 */
export async function refusingTakenValues<U extends Model, T>(
  settings: ConversionSettings<U>,
  candidate: Candidate,
  convert: (refuseTaken: (transaction: Transaction) => Promise<void>) => Promise<T>,
): Promise<T> {
  const kinds = await indexKinds(settings) // before the transaction, which may hold the only connection
  try {
    return await convert(async (transaction) => {
      const taken = await lookUpTaken(settings, candidate, kinds, transaction)
      if (taken.length > 0) throw new ValuesTaken(taken)
    })
  } catch (error) {
    if (!(error instanceof UniqueConstraintError)) throw error
    const taken = await takenAttributes(settings, candidate)
    throw new ValuesTaken(taken.length > 0 ? taken : namedBy(settings, candidate, error), error)
  }
}

/** Which of the values another user has, at this moment. */
export async function takenAttributes<U extends Model>(
  settings: ConversionSettings<U>,
  { userId, values }: Candidate,
): Promise<string[]> {
  const { User } = settings.Guest[guestSettings]
  const { emailField } = settings
  const taken = await lookUpTaken(settings, { userId, values }, await indexKinds(settings))
  // The address by itself, whatever the rest may do: the form may have to keep its answer to itself.
  const { [emailField]: email, ...rest } = values
  const address = email === undefined ? {} : { [emailField]: email }
  for (const part of [rest, address]) {
    if (!(await wouldCollide(User, userId, part))) continue
    const names = Object.keys(part)
    for (const name of names) {
      const alone = names.length === 1 || (await wouldCollide(User, userId, { [name]: part[name] }))
      if (alone && !taken.includes(name)) taken.push(name)
    }
  }
  return taken
}

/** Asks the database itself, by an UPDATE that is rolled back: it alone evaluates every kind of index. */
async function wouldCollide(
  User: ModelStatic<Model>,
  userId: UserId,
  values: Readonly<Record<string, unknown>>,
): Promise<boolean> {
  const draft = User.build({ [User.primaryKeyAttribute]: userId }, { raw: true, isNewRecord: false })
  draft.set(values) // by the model's own setters
  const attributes = User.getAttributes()
  const stored = Object.fromEntries(
    Object.entries(draft.dataValues as object).filter(
      ([name]) => name !== User.primaryKeyAttribute && Object.hasOwn(attributes, name),
    ),
  )
  if (Object.keys(stored).length === 0) return false
  return await retryTransaction(async () => {
    const transaction = await sequelizeOf(User).transaction()
    try {
      await User.unscoped().update(stored, {
        where: { [User.primaryKeyAttribute]: userId } as WhereOptions,
        transaction,
        hooks: false,
        validate: false,
        silent: true,
        paranoid: false,
      })
      return false
    } catch (error) {
      if (error instanceof UniqueConstraintError) return true
      throw error
    } finally {
      await transaction.rollback().catch((error: unknown) => {
        debug('a trial was not rolled back by its own statement: %s', describeError(error))
      })
    }
  })
}

/** The attributes that the error names, where the trial found none: a hook may have changed what was stored. */
function namedBy<U extends Model>(
  { Guest }: ConversionSettings<U>,
  { values }: Candidate,
  error: UniqueConstraintError,
): string[] {
  const { User } = Guest[guestSettings]
  return Object.keys(values).filter(
    (name) => Object.hasOwn(error.fields, name) || Object.hasOwn(error.fields, columnNameOf(User, name)),
  )
}

/** Looks for other users with the same values, where no unique index answers the question. */
async function lookUpTaken<U extends Model>(
  { Guest, emailField, verification }: ConversionSettings<U>,
  { userId, values }: Candidate,
  kinds: IndexKinds,
  transaction?: Transaction,
): Promise<string[]> {
  const { User } = Guest[guestSettings]
  const taken: string[] = []
  for (const [attribute, kind] of kinds) {
    const value = values[attribute]
    if (typeof value !== 'string') continue
    const isAddress = attribute === emailField
    // A plain index may tell addresses apart by case; a proven one is compared without.
    if (kind === 'expressive' || (kind === 'plain' && !(isAddress && verification !== undefined))) continue
    if (kind === 'none') warnOfMissingIndex(User, columnNameOf(User, attribute))
    if (transaction !== undefined)
      await lockKey(sequelizeOf(User), `${User.tableName}.${attribute}:${value.toLowerCase()}`, transaction)
    const condition = isAddress ? inAnyCase(User, attribute, value) : { [attribute]: value }
    if (await isHeld(User, condition, userId, transaction)) taken.push(attribute)
  }
  return taken
}

/** Whether another users row meets the condition, also one that scopes, soft deletion and hooks of the model hide. */
async function isHeld(
  User: ModelStatic<Model>,
  condition: WhereOptions,
  except: UserId,
  transaction: Transaction | undefined,
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
    // Where a plain read shows an old state, only a locking one shows a rival's row, or waits for it.
    ...(transaction && { transaction, lock: dialectOf(sequelizeOf(User)).needsLockingRead }),
  }
  return (await User.unscoped().findOne(options)) !== null
}

/**
 * An e-mail address in capital or small letters: as the database folds them, and ASCII in any case. On PostgreSQL and
 * SQLite a large table needs an index over `lower(…)` for it; MySQL's collations compare so.
 */
function inAnyCase(User: ModelStatic<Model>, attribute: string, address: string): WhereOptions {
  if (dialectOf(sequelizeOf(User)).comparesWithoutCase) return { [attribute]: address }
  const ascii = address.replace(/[A-Z]+/g, (capitals) => capitals.toLowerCase())
  const lowered = where(fn('lower', col(columnNameOf(User, attribute))), {
    [Op.in]: [...new Set([ascii, address.toLowerCase()])],
  })
  return { [Op.or]: [{ [attribute]: address }, lowered] }
}

/**
 * How the database keeps an attribute unique: by no index; by one on its column alone; or by one that expresses more, such
 * as an expression, a condition, or further columns. That one decides alone what is taken.
 */
type IndexKind = 'none' | 'plain' | 'expressive'

/** By the attributes for the username and the e-mail address. */
type IndexKinds = ReadonlyMap<string, IndexKind>

async function indexKinds<U extends Model>({
  Guest,
  emailField,
}: ConversionSettings<U>): Promise<IndexKinds> {
  const { User, usernameField } = Guest[guestSettings]
  const indexes = await uniqueIndexesOf(User)
  return new Map(
    [usernameField, emailField].map((attribute) => [attribute, kindOf(User, attribute, indexes)]),
  )
}

function kindOf(User: ModelStatic<Model>, attribute: string, indexes: readonly UniqueIndex[]): IndexKind {
  const column = columnNameOf(User, attribute).toLowerCase()
  const declared = columnsOf(User).map(({ field }) => field.toLowerCase())
  const concerns = ({ field, sql }: IndexPart): boolean => {
    const name = field?.toLowerCase()
    // MariaDB has generated columns in place of expressions, which a model need not declare: `email_lower`.
    if (name !== undefined) return name === column || (!declared.includes(name) && name.includes(column))
    return sql
      .toLowerCase()
      .split(/[^\p{L}\p{N}_$]+/u)
      .includes(column)
  }
  const involved = indexes.filter(({ parts }) => parts.some(concerns))
  const isPlain = involved.some(
    ({ parts: [first, ...more], predicate }) =>
      first?.field?.toLowerCase() === column && more.length === 0 && predicate === undefined,
  )
  return involved.length === 0 ? 'none' : isPlain ? 'plain' : 'expressive'
}

/** The columns for which it was warned, by users model. */
const warned = new WeakMap<ModelStatic<Model>, Set<string>>()

function warnOfMissingIndex(User: ModelStatic<Model>, column: string): void {
  const columns = warned.get(User) ?? new Set()
  if (columns.has(column)) return
  warned.set(User, columns.add(column))
  warn(
    'NO_UNIQUE_INDEX',
    `convertRouter: the table '${User.tableName}' has no unique index on '${column}': two accounts can share one value.`,
    'Create the index in a migration of yours; passport-ephemeral doctor prints the statement.',
  )
}
