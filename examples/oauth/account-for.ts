import { UniqueConstraintError, type Transaction } from 'sequelize'
import { NotGuestError } from 'passport-ephemeral'
import { HttpError } from './http-error.js'
import { FederatedIdentity, User, type Models } from './models.js'

/** A person's profile from the provider, after the strategy has verified it. */
export interface Profile {
  readonly issuer: string
  readonly subject: string
  /** The username for a new account. */
  readonly username: string
  /** The address that the provider has verified; never an unverified one. */
  readonly email: string | undefined
}

/** The user of the current session. */
export interface Present {
  readonly user: User
  readonly isGuest: boolean
}

/**
 * Finds or creates the user to log in after a sign-in with a provider:
 *
 * - the provider's account is known: its user. (`mergeGuest` moves a guest's rows to it.)
 * - not known, and a guest is logged in: the guest, converted to a regular user.
 * - not known, and a regular user is logged in: that user, who can sign in with this account from now on.
 * - not known, and the request is anonymous: a new user.
 *
 * An account is found by issuer and subject, never by its e-mail address: addresses change owners, providers differ in
 * the meaning of "verified", and an attacker could register with another person's address.
 */
export async function accountFor(
  models: Models,
  profile: Profile,
  present: Present | undefined,
): Promise<User> {
  try {
    return await findOrMakeAccount(models, profile, present)
  } catch (error) {
    // A parallel sign-in was faster, or the address has just been taken: retry once.
    if (!(error instanceof UniqueConstraintError || error instanceof NotGuestError)) throw error
    return await findOrMakeAccount(models, profile, present)
  }
}

async function findOrMakeAccount(
  models: Models,
  profile: Profile,
  present: Present | undefined,
): Promise<User> {
  const regularUser = present?.isGuest === false ? present.user : undefined
  const owner = await findOwner(profile)
  if (owner !== undefined && regularUser !== undefined && regularUser.id !== owner.id) {
    // The user wanted to add a way to sign in, not to switch to another account.
    throw new HttpError(
      409,
      'That Example ID belongs to another account here. You are still signed in as before.',
    )
  }
  if (owner !== undefined) return owner

  const { issuer, subject } = profile
  return await models.sequelize.transaction(async (transaction) => {
    const user = regularUser ?? (await makeRegular(models, profile, present?.user, transaction))
    await FederatedIdentity.create({ issuer, subject, userId: user.id }, { transaction })
    return user
  })
}

async function findOwner({ issuer, subject }: Profile): Promise<User | undefined> {
  const identity = await FederatedIdentity.findOne({ where: { issuer, subject }, include: 'user' })
  // The database's comparison may ignore letter case or trailing spaces.
  return identity?.issuer === issuer && identity.subject === subject ? identity.user : undefined
}

/** Converts the guest to a regular user; an anonymous request gets a new guest first. */
async function makeRegular(
  { Guest }: Models,
  { username, email }: Profile,
  guest: User | undefined,
  transaction: Transaction,
): Promise<User> {
  const free = email !== undefined && (await isFree(email, transaction)) ? email : undefined
  return await Guest.convert(
    guest ?? (await Guest.createGuestUser({ transaction })),
    { username, email: free ?? null },
    { transaction, findFreeUsername: true, verifiedEmail: free },
  )
}

/**
 * If the address belongs to another account, the new account has none. Refusing the sign-in instead would let an
 * attacker who registers your address first lock you out.
 */
async function isFree(email: string, transaction: Transaction): Promise<boolean> {
  return (await User.count({ where: { email }, transaction })) === 0
}
