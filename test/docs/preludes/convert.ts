export { app, Guest, User } from '../guests-application.js'

/** A stand-in for the application's password hashing. */
export const argon2 = { hash: (password: string): Promise<string> => Promise.resolve(`hash of ${password}`) }
