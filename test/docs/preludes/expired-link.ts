export { mailer } from '../mailer.js'
export { app, Visitor } from '../visitors-application.js'
