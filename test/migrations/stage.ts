import type { Options, QueryInterface } from 'sequelize'
import { memoryStorage, Umzug } from 'umzug'
import { migrationsFor } from '../../src/migrations/index.js'
import { readCatalog } from '../support/catalog.js'
import { dialect, openDatabase } from '../support/database.js'
import { defineHostModels, type Host, type HostOptions } from '../support/host-application.js'

export type Models = Pick<Host, 'sequelize' | 'User' | 'Guest' | 'Visitor' | 'VisitorLog'>

/** Conventions under which the tables are made. */
export interface Variant extends Pick<HostOptions, 'defineUser' | 'guest' | 'visitor'> {
  readonly under: string
  readonly database?: Options
  readonly schema?: string
  readonly only?: typeof dialect
}

/** A database before the migrations. */
export interface Prepared {
  readonly models: Models & { readonly forMigrations: Parameters<typeof migrationsFor>[0] }
  /** What the catalog calls the host's own things. */
  readonly users: readonly string[]
}

/** An empty database with a users table and nothing of ours. */
export async function withModels(
  { database, schema, ...variant }: Omit<Variant, 'under'>,
  run: (prepared: Prepared) => Promise<void>,
): Promise<void> {
  const { sequelize, close } = await openDatabase(database)
  try {
    if (schema !== undefined) await sequelize.createSchema(schema, {})
    const defined = defineHostModels(sequelize, variant)
    await defined.User.sync()
    const users = Object.keys(await readCatalog(sequelize))
    const { Guest, Visitor } = defined
    await run({ models: { sequelize, ...defined, forMigrations: { Guest, Visitor } }, users })
  } finally {
    if (schema !== undefined) await sequelize.dropSchema(schema, {})
    await close()
  }
}

export function umzugFor({ sequelize, forMigrations }: Prepared['models']): Umzug<QueryInterface> {
  return new Umzug<QueryInterface>({
    migrations: migrationsFor(forMigrations).map(({ name, up, down }) => ({ name, up, down })),
    context: sequelize.getQueryInterface(),
    storage: memoryStorage(),
    logger: undefined,
  })
}
