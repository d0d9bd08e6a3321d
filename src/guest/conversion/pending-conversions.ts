import { createHash, randomBytes } from 'node:crypto'
import { ForeignKeyConstraintError, Transaction, type Attributes, type Model } from 'sequelize'
import { fieldOf, sequelizeOf } from '../../database/columns.js'
import { NotGuestError } from '../../errors.js'
import { guestSettings, type GuestModel, type UserId } from '../guest.js'
import { isSettable } from './convert.js'
import { isAddressTaken } from './taken.js'
import type { PendingConversion } from './pending-conversion.js'
import { readCommittedInstead, retryTransaction } from '../../database/transactions.js'

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
export async function savePendingConversion(
  Guest: GuestModel,
  { userId, email, details, expiresIn }: Wanted,
): Promise<string> {
  const { PendingConversion } = Guest[guestSettings]
  const token = randomBytes(32).toString('base64url')
  const now = Date.now()
  const pending = {
    email: email.toLowerCase(),
    details,
    tokenHash: hashOf(token),
    createdAt: new Date(now),
    expiresAt: new Date(now + expiresIn * 1000),
  }
  const options = {
    conflictFields: [fieldOf(PendingConversion, 'userId')] as 'userId'[], // columns, whatever its types say
    fields: Object.keys(pending) as (keyof typeof pending)[],
    returning: false,
  }
  try {
    await retryTransaction(() => PendingConversion.upsert({ userId, ...pending }, options))
  } catch (error) {
    throw error instanceof ForeignKeyConstraintError ? new NotGuestError() : error
  }
  return token
}

/** Takes a pending conversion back of which nobody was told, unless a newer one stands in its place. */
export async function deletePendingConversion(
  Guest: GuestModel,
  userId: UserId,
  token: string,
): Promise<void> {
  await Guest[guestSettings].PendingConversion.destroy({ where: { userId, tokenHash: hashOf(token) } })
}

/** The pending conversion to which a link leads, if it still leads to one. */
export async function findPendingConversion(
  Guest: GuestModel,
  token: string,
  transaction?: Transaction,
): Promise<PendingConversion | undefined> {
  const pending = await Guest[guestSettings].PendingConversion.findOne({
    where: { tokenHash: hashOf(token) },
    useMaster: true,
    ...(transaction && { transaction, lock: true }),
  })
  return pending === null || pending.hasExpired ? undefined : pending
}

/**
 * Whether the link of a pending conversion proves this address: another router may keep another attribute's, and its link went to that one.
 */
export function provesAddress({ email, details }: PendingConversion, emailField: string): boolean {
  return String(details[emailField]).toLowerCase() === email
}

/** Whether a text has the form of a token. */
export function isToken(text: string | undefined): text is string {
  return text !== undefined && /^[\w-]{43}$/.test(text)
}

/** What became of a pending conversion: the account; or that it is gone, or its address somebody else's by now. */
export type Completion<U extends Model> = { readonly user: U } | 'gone' | 'taken'

/**
 * Makes a guest what they wished to be, and their address a verified one.
 *
 * Locks go from parent to child, as everywhere here: `Guest` rows, then pending conversions, then users. A conversion and a clean-up
 * delete the `Guest` row first, and the pending conversion with it by cascade; taking the pending conversion first would be the other way round. To let
 * one of several guests have an address, with no unique index on it, the `Guest` rows of all who pending conversion for it are locked in
 * the order of their keys, and only then the users are looked through. Whoever comes later finds this guest's row among
 * those that they must lock, because the pending conversion was there before the link was.
 *
 * The keys are read before the transaction, as MySQL's transactions see what was there at their first plain read.
 *
 * @throws {UniqueConstraintError} Sequelize's, if the username is taken by now; nothing is changed then
 * @throws {NotGuestError} if they are no guest any more
 */
export async function completePendingConversion<U extends Model>(
  Guest: GuestModel<U>,
  token: string,
  { email: key, emailField }: { readonly email: string; readonly emailField: string },
): Promise<Completion<U>> {
  const { User, PendingConversion } = Guest[guestSettings]
  return await retryTransaction(async () => {
    const rivals = await PendingConversion.findAll({
      attributes: ['userId'],
      where: { email: key },
      useMaster: true,
    })
    const type = Transaction.TYPES.IMMEDIATE // SQLite locks nothing but everything
    const options = { type, ...readCommittedInstead(sequelizeOf(Guest)) }
    return await sequelizeOf(Guest).transaction(options, async (transaction): Promise<Completion<U>> => {
      await Guest.findAll({
        attributes: ['userId'],
        where: { userId: rivals.map(({ userId }) => userId) },
        order: [['userId', 'ASC']],
        lock: true,
        transaction,
      })
      const pending = await findPendingConversion(Guest, token, transaction)
      if (pending === undefined || !provesAddress(pending, emailField)) return 'gone'
      const { userId, details } = pending
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
