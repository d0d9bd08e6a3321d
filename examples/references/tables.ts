import { SequelizeStorage, Umzug } from 'umzug'
import type { Sequelize } from 'sequelize'
import { migrationsFor } from 'passport-ephemeral/migrations'
import type { Models } from './models.js'

/**
 * Creates missing tables, in the order of their references. The package has migrations; the demo's own tables are only
 * synced.
 */
export async function createTables(sequelize: Sequelize, models: Models): Promise<void> {
  const { User, Guest, Visitor, ReferenceRequest, Message, Session } = models
  await User.sync()

  await new Umzug({
    migrations: migrationsFor({ Visitor, Guest }),
    context: sequelize.getQueryInterface(),
    storage: new SequelizeStorage({ sequelize }),
    logger: undefined,
  }).up()

  await ReferenceRequest.sync()
  await Message.sync()
  await Session.sync()
}
