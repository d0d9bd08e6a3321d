export { app, Guest, User } from '../guests-application.js'

/** How the application hashes passwords is its own affair. */
export const argon2 = { hash: (password: string): Promise<string> => Promise.resolve(`hash of ${password}`) }
