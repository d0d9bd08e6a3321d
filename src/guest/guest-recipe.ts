import type { Model, Transaction } from 'sequelize'
import { attributesToFillIn } from '../database/host-model.js'
import type { GuestRecipe } from './create.js'
import { guestSettings, type Guest, type GuestModel } from './guest.js'
import { uuidUsername, type UsernameGenerator } from './usernames.js'

/** The application's options for making guests. `Told` is what its functions are given in addition: the request, for example. */
interface RecipeOptions<U extends Model, G extends Guest, Told extends object> {
  readonly generateUsername?: UsernameGenerator | undefined
  readonly createUser?:
    ((context: { username: string; transaction: Transaction } & Told) => Model | Promise<Model>) | undefined
  readonly onCreate?:
    ((context: { user: U; guest: G; transaction: Transaction } & Told) => unknown) | undefined
}

/**
 * Fills in the defaults. Returns a function that makes a recipe for one occasion, such as one request.
 *
 * @throws {TypeError} naming `createUser`, if it is left out and `User` requires more than we can fill in
 */
export function guestRecipe<U extends Model, G extends Guest, Told extends object>(
  caller: string,
  Guest: GuestModel<U, G>,
  { generateUsername = uuidUsername, createUser, onCreate }: RecipeOptions<U, G, Told>,
): (told: Told) => GuestRecipe<U> {
  if (createUser === undefined) demandPlainUser(caller, Guest)
  const needsEmail = createUser === undefined && missingAttributes(Guest).includes(EMAIL)
  return (told) => ({
    generateUsername,
    needsEmail,
    createUser: createUser && ((context) => createUser({ ...told, ...context })),
    onCreate:
      onCreate &&
      (({ user, guest, transaction }) => onCreate({ ...told, user, guest: guest as G, transaction })),
  })
}

/** The attribute that is filled in by default. */
const EMAIL = 'email'

/** The attributes that a users row must have beside a username. */
function missingAttributes(Guest: GuestModel): string[] {
  const { User, usernameField } = Guest[guestSettings]
  return attributesToFillIn(User).filter((name) => name !== usernameField)
}

/** A users table that requires more than a username is refused at start-up, not at the first guest. */
function demandPlainUser(caller: string, Guest: GuestModel): void {
  const { User, usernameField } = Guest[guestSettings]
  const missing = missingAttributes(Guest)
  if (missing.every((name) => name === EMAIL)) return
  throw new TypeError(
    `${caller}: option 'createUser' is needed, because ${User.name} requires ${missing.join(', ')}: ` +
      `createUser: ({ username, transaction }) => ${User.name}.create({ ${usernameField}: username, … }, { transaction })`,
  )
}
