import { hash, verify } from '@node-rs/argon2'
import { Strategy } from 'passport-local'
import { User } from './models.js'
import { oneLine } from './one-line.js'

/** UTF-16 code units: the form of `convertRouter` accepts 128 characters, some of which have two. */
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

/** Verified for an unknown username, so that the response time does not disclose which usernames exist. */
const dummyHash = hashPassword('the password of no user')

/** `unknown`, because a JSON body can contain any type. */
async function authenticate(username: unknown, password: unknown): Promise<User | undefined> {
  if (typeof username !== 'string' || typeof password !== 'string') return undefined
  if (password.length > LONGEST) return undefined
  const user = await User.findOne({ where: { username: oneLine(username) } })
  const matches = await verify(user?.passwordHash ?? (await dummyHash), password)
  return matches && user?.passwordHash ? user : undefined
}
