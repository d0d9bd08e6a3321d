import type { QueryInterface } from 'sequelize'
import { hasTable, tableNameOf } from '../database/table.js'
import { EphemeralError } from '../errors.js'
import { guestSettings, type GuestModel } from '../guest/guest.js'

/** A migration found no users table. Nothing was created. */
export class UsersTableMissing extends EphemeralError {
  static override readonly code = 'ERR_USERS_TABLE_MISSING'
  override readonly status = 500

  constructor(
    /** The table of your `User` model. */
    readonly table: string,
  ) {
    super(
      `The users table '${table}' is missing, and guests refer to it. ` +
        'Nothing was run: run the migrations of your application first',
    )
  }
}

/**
 * Guests refer to the users table.
 *
 * @throws {UsersTableMissing} if that table is not there
 */
export async function requireUsersTable(Guest: GuestModel, queryInterface: QueryInterface): Promise<void> {
  const { User } = Guest[guestSettings]
  if (!(await hasTable(User, queryInterface))) throw new UsersTableMissing(tableNameOf(User))
}
