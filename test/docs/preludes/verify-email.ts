export { app, Guest, User } from '../guests-application.js'
export { argon2 } from './convert.js'
export { mailer } from '../mailer.js'
