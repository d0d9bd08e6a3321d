export { migrationsFor, type MigratedModels } from './migrations-for.js'
export type { Migration, MigrationTarget } from './migration.js'
