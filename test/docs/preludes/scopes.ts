export { app, Visitor } from '../visitors-application.js'
