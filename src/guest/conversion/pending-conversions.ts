import { createHash, randomBytes } from 'node:crypto'
import { ForeignKeyConstraintError, Transaction, type Attributes, type Model } from 'sequelize'
import { fieldOf, sequelizeOf } from '../../database/columns.js'
import { retryOnDeadlock } from '../../database/deadlock.js'
import { readCommittedInstead } from '../../database/read-committed.js'
import { NotGuestError } from '../../errors.js'
import { guestSettings, type GuestModel, type UserId } from '../guest.js'
import { isSettable } from './convert.js'
import { isAddressTaken } from './taken.js'
import type { GuestWish } from './pending-conversion.js'

/** What a guest asks for. */
export interface Wanted {
  readonly userId: UserId
  /** The address, in one spelling. */
  readonly email: string
  readonly details: Readonly<Record<string, unknown>>
  /** Seconds. */
  readonly expiresIn: number
}

/**
 * Notes what a guest asks for, in place of what they asked for before: the link to that is dead.
 *
 * @returns the token, which is nowhere else
 * @throws {NotGuestError} if they are no guest any more
 */
export async function keepWish(
  Guest: GuestModel,
  { userId, email, details, expiresIn }: Wanted,
): Promise<string> {
  const { Wish } = Guest[guestSettings]
  const token = randomBytes(32).toString('base64url')
  const now = Date.now()
  const wish = {
    email: email.toLowerCase(),
    details,
    tokenHash: hashOf(token),
    createdAt: new Date(now),
    expiresAt: new Date(now + expiresIn * 1000),
  }
  const options = {
    conflictFields: [fieldOf(Wish, 'userId')] as 'userId'[], // columns, whatever its types say
    fields: Object.keys(wish) as (keyof typeof wish)[],
    returning: false,
  }
  try {
    await retryOnDeadlock(() => Wish.upsert({ userId, ...wish }, options))
  } catch (error) {
    throw error instanceof ForeignKeyConstraintError ? new NotGuestError() : error
  }
  return token
}

/** Takes a wish back of which nobody was told, unless a newer one stands in its place. */
export async function dropWish(Guest: GuestModel, userId: UserId, token: string): Promise<void> {
  await Guest[guestSettings].Wish.destroy({ where: { userId, tokenHash: hashOf(token) } })
}

/** The wish to which a link leads, if it still leads to one. */
export async function findWish(
  Guest: GuestModel,
  token: string,
  transaction?: Transaction,
): Promise<GuestWish | undefined> {
  const wish = await Guest[guestSettings].Wish.findOne({
    where: { tokenHash: hashOf(token) },
    useMaster: true,
    ...(transaction && { transaction, lock: true }),
  })
  return wish === null || wish.hasExpired ? undefined : wish
}

/**
 * Whether the link of a wish proves this address: another router may keep another attribute's, and its link went to that one.
 */
export function provesAddress({ email, details }: GuestWish, emailField: string): boolean {
  return String(details[emailField]).toLowerCase() === email
}

/** Whether a text has the form of a token. */
export function isToken(text: string | undefined): text is string {
  return text !== undefined && /^[\w-]{43}$/.test(text)
}

/** What became of a wish: the account; or that it is gone, or its address somebody else's by now. */
export type Fulfilment<U extends Model> = { readonly user: U } | 'gone' | 'taken'

/**
 * Makes a guest what they wished to be, and their address a verified one.
 *
 * Locks go from parent to child, as everywhere here: `Guest` rows, then wishes, then users. A conversion and a clean-up
 * delete the `Guest` row first, and the wish with it by cascade; taking the wish first would be the other way round. To let
 * one of several guests have an address, with no unique index on it, the `Guest` rows of all who wish for it are locked in
 * the order of their keys, and only then the users are looked through. Whoever comes later finds this guest's row among
 * those that they must lock, because the wish was there before the link was.
 *
 * The keys are read before the transaction, as MySQL's transactions see what was there at their first plain read.
 *
 * @throws {UniqueConstraintError} Sequelize's, if the username is taken by now; nothing is changed then
 * @throws {NotGuestError} if they are no guest any more
 */
export async function fulfilWish<U extends Model>(
  Guest: GuestModel<U>,
  token: string,
  { email: key, emailField }: { readonly email: string; readonly emailField: string },
): Promise<Fulfilment<U>> {
  const { User, Wish } = Guest[guestSettings]
  return await retryOnDeadlock(async () => {
    const rivals = await Wish.findAll({ attributes: ['userId'], where: { email: key }, useMaster: true })
    const type = Transaction.TYPES.IMMEDIATE // SQLite locks nothing but everything
    const options = { type, ...readCommittedInstead(sequelizeOf(Guest)) }
    return await sequelizeOf(Guest).transaction(options, async (transaction): Promise<Fulfilment<U>> => {
      await Guest.findAll({
        attributes: ['userId'],
        where: { userId: rivals.map(({ userId }) => userId) },
        order: [['userId', 'ASC']],
        lock: true,
        transaction,
      })
      const wish = await findWish(Guest, token, transaction)
      if (wish === undefined || !provesAddress(wish, emailField)) return 'gone'
      const { userId, details } = wish
      const email = String(details[emailField])
      if (await isAddressTaken(User, emailField, email, { except: userId, transaction })) return 'taken'
      // Written as such; an attribute can have gone from the model since.
      const values = Object.fromEntries(
        Object.entries(details).filter(([name]) => isSettable(User, name)),
      ) as Partial<Attributes<U>>
      return { user: await Guest.convert(userId, values, { transaction, verifiedEmail: email }) }
    })
  })
}

function hashOf(token: string): string {
  return createHash('sha256').update(token).digest('hex')
}
