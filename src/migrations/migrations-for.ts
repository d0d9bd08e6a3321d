import { InvalidOption } from '../invalid-option.js'
import { checkOptions } from '../options.js'
import { guestModel, type GuestModel } from '../guest/guest.js'
import { visitorModel, type Visitor } from '../visitor/visitor.js'
import { visitLogOf } from '../visitor/visits/visitor-log.js'
import { guests } from './0002-guests.js'
import { pendingConversions } from './0003-pending-conversions.js'
import { guestOutcomes } from './0004-guest-outcomes.js'
import { visitorPasses } from './0001-visitor-passes.js'
import { queryInterfaceOf, type Migration, type TableMigration } from './migration.js'
import { requireUsersTable } from './users-table.js'

/** The models whose tables are created; from `defineVisitorModels` and `defineGuestModel`. */
export interface MigratedModels {
  Visitor?: typeof Visitor
  Guest?: GuestModel
}

/**
 * The migrations of the models that you use, in order, as plain objects for umzug or sequelize-cli. Tables, columns,
 * schemas and key types come out as `sequelize.sync()` would make them under your conventions.
 *
 * @example
 * new Umzug({ migrations: migrationsFor({ Guest, Visitor }), context: sequelize.getQueryInterface(), storage, logger })
 *
 * @throws {TypeError} naming the model that is not one of this package's
 */
export function migrationsFor(models: MigratedModels): Migration[] {
  return tableMigrationsFor(models).map((migration) => ({
    ...migration,
    async up(target) {
      const { Guest } = models
      // The first one refuses, not only that of the guests: a runner that is given all would otherwise stop between them.
      if (Guest !== undefined) await requireUsersTable(Guest, queryInterfaceOf(target))
      await migration.up(target)
    },
  }))
}

/** The same, with the tables that each creates, for `migrate --down`. */
export function tableMigrationsFor(models: MigratedModels): TableMigration[] {
  checkOptions('migrationsFor', models, {
    Visitor: visitorModel,
    Guest: guestModel,
  })
  const { Visitor, Guest } = models
  if (Visitor === undefined && Guest === undefined)
    throw new InvalidOption('migrationsFor: give it Visitor, Guest or both')
  return [
    ...(Visitor === undefined ? [] : [visitorPasses(Visitor, visitLogOf(Visitor))]),
    ...(Guest === undefined ? [] : [guests(Guest), pendingConversions(Guest), guestOutcomes(Guest)]),
  ]
}
