import { SequelizeStorage, Umzug } from 'umzug'
import type { Sequelize } from 'sequelize'
import { migrationsFor } from 'passport-ephemeral/migrations'
import type { Models } from './models.js'

/**
 * Makes whatever tables are missing, in the order in which they refer to each other. The package brings migrations;
 * the application's own tables are a demo's, and merely synced.
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
