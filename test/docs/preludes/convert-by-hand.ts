import { argon2 } from './convert.js'

export { app, Guest, User } from '../guests-application.js'
export const hashPassword = argon2.hash
