import { mergeGuest } from 'passport-ephemeral'
import { app, Guest } from '../guests-application.js'
import { argon2 } from './convert.js'

export { default as express } from 'express'
export { UniqueConstraintError } from 'sequelize'
export { app, Guest, User } from '../guests-application.js'
export const hashPassword = argon2.hash

app.use(mergeGuest({ Guest }))
app.engine('ts', (_path, locals, done) => {
  done(null, `Register: ${(locals as { error?: string }).error ?? 'welcome'}`)
})
app.set('views', import.meta.dirname).set('view engine', 'ts')
