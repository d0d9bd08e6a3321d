import { hash, verify } from '@node-rs/argon2'
import { Strategy } from 'passport-local'
import type { User } from './models.js'

export const PASSWORD_LENGTH = { min: 12, max: 200 }

/** Argon2id, with the library's parameters. */
export async function hashPassword(password: string): Promise<string> {
  return await hash(password)
}

/** Logs regular users in. Guests cannot log in this way: they have no password. */
export function passwordStrategy(Users: typeof User): Strategy {
  return new Strategy((username, password, done) => {
    authenticate(Users, username, password).then(
      (user) => {
        done(null, user ?? false)
      },
      (error: unknown) => {
        done(error)
      },
    )
  })
}

/** Verified for an unknown username, so that the response time does not disclose which usernames exist. */
const dummyHash = hashPassword('the password of no user')

async function authenticate(
  Users: typeof User,
  username: string,
  password: string,
): Promise<User | undefined> {
  if (username.includes('\0') || password.length > PASSWORD_LENGTH.max) return undefined
  const user = await Users.findOne({ where: { username } })
  const matches = await verify(user?.passwordHash ?? (await dummyHash), password)
  return matches && user?.passwordHash ? user : undefined
}
