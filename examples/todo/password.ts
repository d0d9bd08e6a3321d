import { hash, verify } from '@node-rs/argon2'
import { Strategy } from 'passport-local'
import { User } from './models.js'
import { oneLine } from './one-line.js'

/** In units of UTF-16: the form of `convertRouter` takes 128 characters, and some have two. */
const LONGEST = 256

/** Argon2id, with the library's parameters. */
export async function hashPassword(password: string): Promise<string> {
  return await hash(password)
}

/** Logs regular users in. Guests cannot log in this way: they have no password. */
export function passwordStrategy(): Strategy {
  return new Strategy((username, password, done) => {
    authenticate(username, password).then(
      (user) => {
        done(null, user ?? false)
      },
      (error: unknown) => {
        done(error)
      },
    )
  })
}

/** Checked for a username that nobody has, too: how long the answer takes must not tell who is registered. */
const nobody = hashPassword('nobody has this password')

/** `unknown`: in JSON, a password can be a list of lists. */
async function authenticate(username: unknown, password: unknown): Promise<User | undefined> {
  if (typeof username !== 'string' || typeof password !== 'string') return undefined
  if (password.length > LONGEST) return undefined
  const user = await User.findOne({ where: { username: oneLine(username) } })
  const matches = await verify(user?.passwordHash ?? (await nobody), password)
  return matches && user?.passwordHash ? user : undefined
}
