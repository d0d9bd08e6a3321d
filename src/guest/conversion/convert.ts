import {
  DataTypes,
  ValidationError,
  ValidationErrorItem,
  type Attributes,
  type Model,
  type ModelStatic,
  type Transaction,
  type WhereOptions,
} from 'sequelize'
import { sequelizeOf } from '../../database/columns.js'
import { isRowOf } from '../../database/model-identity.js'
import { announce } from '../../events/events.js'
import { NotGuestError } from '../../errors.js'
import { InvalidOption } from '../../invalid-option.js'
import { aBoolean, anObject, checkOptions, type Rule } from '../../options.js'
import { aTransaction, guestSettings, type ConvertOptions, type GuestModel, type UserId } from '../guest.js'
import { knownGuest, rememberGuest } from '../guest-state.js'
import { dayOf, recordOutcome } from '../outcome.js'
import { findGuest } from '../statements.js'
import { withFreeUsername } from './free-username.js'
import { couldBeKey, keyOf } from '../user-key.js'
import { readCommittedInstead, retryTransaction } from '../../database/transactions.js'

/** What the pages of the conversion add to it. */
interface ConversionSteps {
  /** The attribute for the password's hash, with the hash. */
  readonly hash?: Readonly<Record<string, unknown>>
  /** Throws if the values belong to another user; runs in the transaction, before they are saved. */
  readonly refuseTaken?: (transaction: Transaction) => Promise<void>
}

/**
 * `Guest.convert`. Deleting the `Guest` row comes first: that statement locks it, and of any number of converters (or
 * clean-ups) exactly one finds it there. In a caller's transaction all this is a savepoint, so that a username that is
 * taken leaves the transaction usable.
 *
 * @param steps of the pages of the conversion
 */
export async function convertGuest<U extends Model>(
  Guest: GuestModel<U>,
  userOrId: U | UserId,
  values: Partial<Attributes<U>>,
  options: ConvertOptions = {},
  { hash = {}, refuseTaken }: ConversionSteps = {},
): Promise<U> {
  checkOptions('Guest.convert', options, {
    transaction: aTransaction,
    findFreeUsername: aBoolean,
    verifiedEmail: someText,
    req: anObject,
  })
  const { transaction: outer, findFreeUsername = false, verifiedEmail, req } = options
  const { User, Outcome, onConvert } = Guest[guestSettings]
  checkAttributes(User, values)
  const id: unknown = isRowOf(User, userOrId) ? keyOf(userOrId) : userOrId
  if (!couldBeKey(User, id)) throw new NotGuestError()
  checkValues(Guest, id, values)
  // When a guest was made never changes, and is asked for before the transaction: what it has deleted, it cannot read.
  const known = isRowOf(User, userOrId) ? knownGuest(userOrId) : undefined
  const guest = known ?? (await findGuest(Guest, id, { transaction: outer }))
  if (guest === undefined) throw new NotGuestError()

  const sequelize = sequelizeOf(Guest)
  const convert = (wanted: Partial<Attributes<U>>) => (): Promise<U> =>
    sequelize.transaction(
      outer ? { transaction: outer } : readCommittedInstead(sequelize),
      async (transaction) => {
        if ((await Guest.destroy({ where: { userId: id }, transaction })) === 0) throw new NotGuestError()
        await storeHash(User, id, hash, transaction)
        const user = await User.findByPk(id, { transaction, rejectOnEmpty: new NotGuestError(), raw: false })
        await refuseTaken?.(transaction)
        await updateBut(hash, user, wanted, transaction)
        await recordOutcome(Outcome, 'converted', new Map([[dayOf(guest.createdAt), 1]]), transaction)
        rememberGuest(user, null)
        await onConvert?.({ user, values: { ...wanted, ...hash }, verifiedEmail, transaction })
        announce(Guest.events, 'converted', { user, verifiedEmail, req }, transaction)
        return user
      },
    )
  // A deadlock ends a caller's transaction, and only the caller can begin it again.
  const attempt = (wanted: Partial<Attributes<U>>): Promise<U> =>
    outer === undefined ? retryTransaction(convert(wanted)) : convert(wanted)()
  return findFreeUsername
    ? await withFreeUsername(Guest, values, { transaction: outer }, attempt)
    : await attempt(values)
}

/**
 * Stores a hash by a statement of its own, past the setters, hooks and validators of the model. They are made for the
 * password that a person types: they would refuse the hash, or hash it again.
 */
async function storeHash(
  User: ModelStatic<Model>,
  id: unknown,
  hash: Readonly<Record<string, unknown>>,
  transaction: Transaction,
): Promise<void> {
  if (Object.keys(hash).length === 0) return
  await User.unscoped().update(hash, {
    where: { [User.primaryKeyAttribute]: id } as WhereOptions,
    transaction,
    hooks: false,
    validate: false,
    paranoid: false,
  })
}

/** @throws {TypeError} if a hook of the model has changed the hash that is stored already */
async function updateBut<U extends Model>(
  hash: Readonly<Record<string, unknown>>,
  user: U,
  values: Partial<Attributes<U>>,
  transaction: Transaction,
): Promise<void> {
  const storedOf = (name: string): unknown => user.getDataValue(name)
  const before = Object.keys(hash).map((name) => [name, storedOf(name)] as const)
  await user.update(values, { transaction })
  const [changed] = before.find(([name, value]) => storedOf(name) !== value) ?? []
  if (changed === undefined) return
  throw new InvalidOption(
    `convertRouter: a hook of ${user.constructor.name} changes '${changed}' whenever a user is saved, also if it is ` +
      `a hash already: let it do so only if user.changed('${changed}')`,
  )
}

const someText: Rule = { expected: 'a string', test: (value) => typeof value === 'string' }

/** Sequelize ignores unknown attributes. A misspelt one would make an account without its password. */
function checkAttributes(User: ModelStatic<Model>, values: unknown): void {
  if (!anObject.test(values)) {
    throw new InvalidOption(`Guest.convert: values must be an object with attributes of ${User.name}`)
  }
  const unknown = Object.keys(values as object).filter((name) => !isSettable(User, name))
  if (unknown.length === 0) return
  throw new InvalidOption(
    `Guest.convert: ${User.name} has no attribute '${unknown.join("', '")}'; it has ${Object.keys(User.getAttributes()).join(', ')}`,
  )
}

/** Columns, virtual attributes, setters, and what is inside of JSON (`settings.theme`). */
export function isSettable(User: ModelStatic<Model>, name: string): boolean {
  const attributes = User.getAttributes()
  if (Object.hasOwn(attributes, name)) return true
  if (Object.hasOwn(User.options.setterMethods ?? {}, name)) return true
  const [outer = ''] = name.split('.')
  return name.includes('.') && attributes[outer]?.type instanceof DataTypes.JSON
}

/** Refuses what a users model's own validators may accept: another primary key, and a blank username. */
function checkValues(Guest: GuestModel, id: UserId, values: Readonly<Record<string, unknown>>): void {
  const { User, usernameField } = Guest[guestSettings]
  const key = User.primaryKeyAttribute
  if (Object.hasOwn(values, key) && String(values[key]) !== String(id)) {
    throw new InvalidOption(`Guest.convert: values must not change the primary key '${key}'`)
  }
  const username = values[usernameField]
  if (Object.hasOwn(values, usernameField) && (typeof username !== 'string' || username.trim() === '')) {
    const message = `${usernameField} must not be empty`
    throw new ValidationError(message, [
      new ValidationErrorItem(
        message,
        'validation error',
        usernameField,
        '',
        User.build(),
        'notEmpty',
        'notEmpty',
        [],
      ),
    ])
  }
}
