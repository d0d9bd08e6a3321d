import { join } from 'node:path'
import express, { type Application } from 'express'
import type { Sequelize } from 'sequelize'
import { errorPages } from 'passport-ephemeral'
import { notFound, showError } from '../todo/errors.js'
import { harden, noStore } from '../todo/headers.js'
import { accountApi, accountPages } from '../todo/routes/account.js'
import { todoRoutes } from '../todo/routes/todos.js'
import { jsonOnly, refuseCrossSiteWrites } from '../todo/same-site.js'
import { health } from './health.js'
import { hourly } from './hourly.js'
import type { Models } from './models.js'
import { showOutage } from './outages.js'
import { invitationsApi, sharedList } from './routes/invitations.js'
import type { Redis } from './sessions.js'
import type { Settings } from './settings.js'
import { setUp } from './setup.js'

export interface AppParts {
  readonly sequelize: Sequelize
  readonly models: Models
  readonly redis: Redis
}

/** The todo example's pages and API, and invitations, as one of several processes behind a proxy. */
export function createApp({ sequelize, models, redis }: AppParts, settings: Settings): Application {
  const app = express()
  app.disable('x-powered-by')
  app.set('trust proxy', 1) // nginx

  app.use(harden)
  app.get('/health', health(sequelize, redis))
  app.use(express.static(join(import.meta.dirname, '../todo/public'), { extensions: ['html'] }))
  app.use(noStore)

  const authenticator = setUp(app, models, redis, settings)

  app.use('/shared', sharedList())
  app.use(refuseCrossSiteWrites)
  app.use('/api', jsonOnly, express.json({ limit: '10kb' }), accountApi(authenticator))
  app.use('/api/todos', todoRoutes(authenticator))
  app.use('/api/invitations', invitationsApi(models, settings.publicUrl))
  app.use(accountPages(models, hourly(redis, 'fleet:forms', settings.guestsPerHour)))
  app.use(notFound)
  app.use(showOutage)
  app.use(errorPages())
  app.use(showError)
  return app
}
