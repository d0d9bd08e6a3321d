export { app, Guest, User } from '../guests-application.js'
