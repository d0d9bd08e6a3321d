import type { Sequelize } from 'sequelize'
import { defineGuestModel } from '../../guest/model.js'
import { defineVisitorModels } from '../../visitor/models.js'
import type { Visitor } from '../../visitor/visitor.js'
import type { GuestModel } from '../../guest/guest.js'
import { seconds } from '../arguments.js'
import { isConnectionError } from '../connection-error.js'
import type { Io } from '../io.js'
import { UsageError } from '../usage-error.js'
import type { Configuration, TableOptions } from './configuration.js'
import { connect } from './connect.js'
import { findTable, type ExistingTable } from './existing-tables.js'
import { tableFlags, variableOf } from './table-options.js'
import { defineUsers, findUsers, USERS } from './users-model.js'

/**
 * Models of the tables that are in the database: all that is needed is its address. What is in the application alone (the
 * secret, how long guests live) comes from the environment, or is not known.
 *
 * @throws {UsageError} if there is no address, or the tables cannot be made out
 */
export async function fromEnvironment(flags: TableOptions, { env, cwd }: Io): Promise<Configuration> {
  const url = env['DATABASE_URL']
  if (!url) {
    throw new UsageError(
      'Nothing says what to work on: name a module that exports your Guest and Visitor by --config, name it in ' +
        'package.json as "passport-ephemeral", or set DATABASE_URL',
    )
  }
  const sequelize = connect(url, cwd)
  try {
    const options = tableOptions(flags, env)
    const secret = secretFrom(env)
    const maxAge = maxAgeFrom(env)
    const models = await defineModels(sequelize, options, { secret, maxAge }).catch(whyUnreachable)
    return {
      source: 'DATABASE_URL',
      sequelize,
      ...models,
      cleanup: {},
      hasSecret: secret !== undefined,
      hasMaxAge: maxAge !== undefined,
    }
  } catch (error) {
    await sequelize.close()
    throw error
  }
}

/** That the database is away is for each command to judge. */
function whyUnreachable(error: unknown): { unreachable: Error } {
  if (error instanceof Error && isConnectionError(error)) return { unreachable: error }
  throw error
}

type Secret = (string | false)[] | undefined

async function defineModels(
  sequelize: Sequelize,
  options: TableOptions,
  { secret, maxAge }: { secret: Secret; maxAge: number | undefined },
): Promise<{ Guest?: GuestModel; Visitor?: typeof Visitor }> {
  const { schema, without } = options
  const users = without === 'guests' ? undefined : await usersTable(sequelize, options)
  const guests = await findTable(sequelize, options.guestsTable, ['Guests', 'guests'], schema)
  const visitors = await findTable(sequelize, options.visitorsTable, ['Visitors', 'visitors'], schema)
  const underscored =
    options.underscored ??
    [guests, visitors, users].find((found) => found !== undefined)?.isUnderscored ??
    false
  const common = schema === undefined ? {} : { schema }
  const Guest =
    users &&
    defineGuestModel(sequelize, {
      ...defineUsers(sequelize, users, { ...options, underscored }),
      ...common,
      // Of guests that live so long from when they were made, nothing else is ever written down as their being seen.
      expiry: 'sliding',
      ...(maxAge !== undefined && { maxAge }),
      ...named('tableName', options.guestsTable ?? guests?.name),
      ...named('pendingConversionTableName', options.pendingConversionsTable),
      ...named('outcomeTableName', options.outcomesTable),
    })
  if (without === 'visitors') return Guest === undefined ? {} : { Guest }
  const { Visitor } = defineVisitorModels(sequelize, {
    // Without a secret no link is made, and nothing may print what could be one.
    secret: secret ?? false,
    underscored,
    ...common,
    ...named('tableName', options.visitorsTable ?? visitors?.name),
    ...named('logTableName', options.visitsTable),
  })
  return { ...(Guest && { Guest }), Visitor }
}

/** To go on without it would be to do half of the work, and to say that all is well. */
async function usersTable(sequelize: Sequelize, options: TableOptions): Promise<ExistingTable> {
  const users = await findUsers(sequelize, options)
  if (users !== undefined) return users
  const place = options.schema === undefined ? '' : ` in schema '${options.schema}'`
  throw new UsageError(
    `There is no users table: ${USERS.join(' or ')} was looked for${place}. Name it by --users-table, or say ` +
      '--without guests if your application has none',
  )
}

function named(option: string, name: string | undefined): Record<string, string> {
  return name === undefined ? {} : { [option]: name }
}

/** The flags, and for those that are not given, the variables of the environment. */
function tableOptions(flags: TableOptions, env: Io['env']): TableOptions {
  const variables = [...tableFlags.keys()].map(
    (option) => [option, valueOf(env, variableOf(option))] as const,
  )
  const { underscored, ...rest } = Object.fromEntries(variables)
  const given = Object.fromEntries(Object.entries(flags).filter(([, value]) => value !== undefined))
  const options: TableOptions = { ...rest, ...booleanFrom('underscored', underscored), ...given }
  if (options.without !== undefined && !['guests', 'visitors'].includes(options.without)) {
    throw new UsageError(`${variableOf('without')} must be guests or visitors`)
  }
  return options
}

/** An empty variable is none. */
function valueOf(env: Io['env'], variable: string): string | undefined {
  const value = env[variable]
  return value === '' ? undefined : value
}

function booleanFrom(option: string, text: string | undefined): Record<string, boolean> {
  if (text === undefined) return {}
  if (text !== 'true' && text !== 'false') throw new UsageError(`${variableOf(option)} must be true or false`)
  return { [option]: text === 'true' }
}

/** Separated by commas: the first signs, all verify; `false` among them stands for links that carry the bare UUID. */
function secretFrom(env: Io['env']): Secret {
  const secrets = (env['VISITOR_SECRET'] ?? '')
    .split(',')
    .map((secret) => secret.trim())
    .filter((secret) => secret !== '')
  return secrets.length === 0 ? undefined : secrets.map((secret) => (secret === 'false' ? false : secret))
}

function maxAgeFrom(env: Io['env']): number | undefined {
  const text = valueOf(env, variableOf('maxAge'))
  if (text === undefined) return undefined
  try {
    return seconds(text)
  } catch (error) {
    throw new UsageError(`${variableOf('maxAge')}: ${(error as Error).message}`, { cause: error })
  }
}
