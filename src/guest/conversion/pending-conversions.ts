import { createHash, randomBytes } from 'node:crypto'
import { ForeignKeyConstraintError, Transaction, type Model } from 'sequelize'
import { columnNameOf, sequelizeOf } from '../../database/columns.js'
import { NotGuestError } from '../../errors.js'
import { guestSettings, type GuestModel } from '../guest.js'
import type { UserId } from '../user-key.js'
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
  /** Of the code in the message. */
  readonly codeHash: string | undefined
}

/**
 * Stores what a guest asks for, in place of an earlier pending conversion, whose link becomes invalid.
 *
 * @returns the token, of which only a digest is stored
 * @throws {NotGuestError} if the user is no longer a guest
 */
export async function savePendingConversion(
  Guest: GuestModel,
  { userId, email, details, expiresIn, codeHash }: Wanted,
): Promise<string> {
  const { PendingConversion } = Guest[guestSettings]
  const token = randomBytes(32).toString('base64url')
  const now = Date.now()
  const pending = {
    email: email.toLowerCase(),
    details,
    tokenHash: hashOf(token),
    codeHash: codeHash ?? null,
    codeAttempts: 0,
    createdAt: new Date(now),
    expiresAt: new Date(now + expiresIn * 1000),
  }
  const options = {
    conflictFields: [columnNameOf(PendingConversion, 'userId')] as 'userId'[], // columns, whatever its types say
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

/** Deletes a pending conversion whose message was not sent, unless a newer one has replaced it. */
export async function deletePendingConversion(
  Guest: GuestModel,
  userId: UserId,
  token: string,
): Promise<void> {
  await Guest[guestSettings].PendingConversion.destroy({ where: { userId, tokenHash: hashOf(token) } })
}

/** The pending conversion of which this is the digest of the link's token; `undefined` if it is gone or has expired. */
export async function findPendingConversion(
  Guest: GuestModel,
  tokenHash: string,
  transaction?: Transaction,
): Promise<PendingConversion | undefined> {
  const pending = await Guest[guestSettings].PendingConversion.findOne({
    where: { tokenHash },
    useMaster: true,
    ...(transaction && { transaction, lock: true }),
  })
  return pending === null || pending.hasExpired ? undefined : pending
}

/** The address to which a guest's link has gone; `undefined` if none was asked for, or it has expired. */
export async function pendingAddress(Guest: GuestModel, userId: UserId): Promise<string | undefined> {
  const { PendingConversion } = Guest[guestSettings]
  const pending = await PendingConversion.findOne({ where: { userId }, useMaster: true })
  return pending === null || pending.hasExpired ? undefined : pending.email
}

/** Whether the link proves the address in this attribute. The link of another router may have gone to another attribute's. */
export function provesAddress({ email, details }: PendingConversion, emailField: string): boolean {
  return String(details[emailField]).toLowerCase() === email
}

/** Whether a text has the form of a token. */
export function isToken(text: string | undefined): text is string {
  return text !== undefined && /^[\w-]{43}$/.test(text)
}

/**
 * Converts the guest of a pending conversion, unless a newer one has replaced it.
 *
 * Locks go from parent to child, as everywhere here: the `Guest` row, the pending conversion, the user.
 *
 * @returns `undefined` if the pending conversion is gone
 */
export async function completePendingConversion<U extends Model>(
  Guest: GuestModel<U>,
  { userId, tokenHash }: PendingConversion,
  convert: (transaction: Transaction) => Promise<U>,
): Promise<U | undefined> {
  const sequelize = sequelizeOf(Guest)
  const type = Transaction.TYPES.IMMEDIATE // SQLite locks the whole database file
  return await retryTransaction(() =>
    sequelize.transaction({ type, ...readCommittedInstead(sequelize) }, async (transaction) => {
      await Guest.findOne({ attributes: ['userId'], where: { userId }, lock: true, transaction })
      const pending = await findPendingConversion(Guest, tokenHash, transaction)
      return pending && (await convert(transaction))
    }),
  )
}

/** The digest of a token, which is all that is stored of it. */
export function hashOf(token: string): string {
  return createHash('sha256').update(token).digest('hex')
}
