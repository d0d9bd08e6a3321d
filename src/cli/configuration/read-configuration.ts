import { hostOptions } from '../../database/columns.js'
import type { Io } from '../io.js'
import { UsageError } from '../usage-error.js'
import type { Configuration, ConfigurationOptions, OpenConfiguration } from './configuration.js'
import { findModule } from './find-module.js'
import { fromEnvironment } from './from-environment.js'
import { fromModule } from './from-module.js'
import { tableFlags } from './table-options.js'

/**
 * Finds out what to work on: a module of the application's that `--config` names, one that `package.json` names or that
 * has the conventional name, or nothing but the environment.
 *
 * @throws {UsageError} if there is none, or something is wrong with it
 */
export async function readConfiguration(options: ConfigurationOptions, io: Io): Promise<OpenConfiguration> {
  const { config, ...tables } = options
  const path = config === false ? undefined : await findModule(config, io.cwd)
  const configuration =
    path === undefined ? await fromEnvironment(tables, io) : await fromModule(path, io.cwd)
  const opened = open(configuration, { isQuiet: !io.env['DEBUG'] })
  if (path !== undefined) await refuseTableFlags(tables, opened)
  return opened
}

/** The application's log of statements would be in the way of what is printed. */
function open(configuration: Configuration, { isQuiet }: { isQuiet: boolean }): OpenConfiguration {
  const { sequelize } = configuration
  const options = hostOptions(sequelize)
  const { logging } = options
  if (isQuiet) options.logging = false
  return {
    ...configuration,
    close: async () => {
      if (logging !== undefined) options.logging = logging
      await sequelize.close()
    },
  }
}

/** They would change nothing, and whoever typed them believes that they do. */
async function refuseTableFlags(tables: object, { source, close }: OpenConfiguration): Promise<void> {
  const given = Object.entries(tables).find(([, value]) => value !== undefined)
  if (given === undefined) return
  await close()
  throw new UsageError(
    `${tableFlags.get(given[0]) ?? given[0]} is for DATABASE_URL alone, and the models come from ${source}: ` +
      'leave it out, or add --no-config',
  )
}
