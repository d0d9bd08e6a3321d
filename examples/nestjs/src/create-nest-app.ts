import { NestFactory } from '@nestjs/core'
import type { NestExpressApplication } from '@nestjs/platform-express'
import { hash } from '@node-rs/argon2'
import session from 'express-session'
import passport from 'passport'
import {
  convertRouter,
  GuestStrategy,
  guestLogout,
  mergeGuest,
  VisitorTokenStrategy,
} from 'passport-ephemeral'
import { AppModule } from './app.module'
import { sequelize } from './database'
import { EphemeralFilter } from './ephemeral'
import { Guest, Visitor } from './models'

/** The application, which does not listen yet: `passport-ephemeral doctor` and tests use it, too. */
export async function createNestApp(): Promise<NestExpressApplication> {
  await sequelize.sync() // enough for an example; use migrations in your application

  passport.use(new GuestStrategy({ Guest }))
  passport.use(new VisitorTokenStrategy({ Visitor }))
  passport.serializeUser(Guest.serializeUser)
  passport.deserializeUser(Guest.deserializeUser)

  const app = await NestFactory.create<NestExpressApplication>(AppModule, { logger: ['warn', 'error'] })
  app.use(
    // In production: a store of your database, and `cookie: { secure: true, … }`.
    session({
      secret: process.env['SESSION_SECRET'] ?? 'only for development',
      resave: false,
      saveUninitialized: false,
    }),
    passport.session(),
    passport.authenticate('visitor-token'),
    mergeGuest({ Guest }),
  )
  app.use('/convert', convertRouter({ Guest, hashPassword: (password) => hash(password) }))
  app.use('/logout', guestLogout()) // guests are asked first; regular users go on to the controller
  app.useGlobalFilters(new EphemeralFilter())
  return app
}
