export { migrationsFor, type MigratedModels } from './migrations-for.js'
export { UsersTableMissing } from './users-table.js'
export type { Migration, MigrationTarget } from './migration.js'
