import { UniqueConstraintError, type Transaction } from 'sequelize'
import { NotGuestError } from 'passport-ephemeral'
import { HttpError } from './http-error.js'
import { FederatedIdentity, User, type Models } from './models.js'

/** What a provider says of somebody, after the strategy has made sure that it is the provider who says it. */
export interface Profile {
  readonly issuer: string
  readonly subject: string
  /** What to call a new account. */
  readonly username: string
  /** Theirs, as the provider has verified; one that is merely written in their profile must not get here. */
  readonly email: string | undefined
}

/** Who is logged in here while they sign in there. */
export interface Present {
  readonly user: User
  readonly isGuest: boolean
}

/**
 * Whom to log in when somebody has signed in with a provider:
 *
 * - the provider's account is known: its user. (If a guest did it, `mergeGuest` takes their things along.)
 * - not known, and a guest asks: the guest, who is a regular user from here on.
 * - not known, and a regular user asks: they, who can sign in this way from here on.
 * - not known, and nobody is logged in: a new user.
 *
 * An account is found by the provider's name for it, never by its e-mail address. Addresses change hands, providers differ in
 * what they mean by "verified", and whoever can write down somebody else's anywhere would get their account here.
 */
export async function accountFor(
  models: Models,
  profile: Profile,
  present: Present | undefined,
): Promise<User> {
  try {
    return await findOrMakeAccount(models, profile, present)
  } catch (error) {
    // Another tab or device of theirs was a moment faster, or somebody has just taken the address: look again, once.
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
    // They meant to add a way to sign in. Being somebody else all of a sudden is not what they asked for.
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
  // A database's idea of "equal" can be wider than ours: letter case, a space at the end.
  return identity?.issuer === issuer && identity.subject === subject ? identity.user : undefined
}

/** Makes the guest a regular user; for somebody who is nobody yet, one is made on the spot. */
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
 * An address that is another account's stays there, and the new account has none. Refusing it altogether would let whoever
 * wrote down your address first keep you out.
 */
async function isFree(email: string, transaction: Transaction): Promise<boolean> {
  return (await User.count({ where: { email }, transaction })) === 0
}
