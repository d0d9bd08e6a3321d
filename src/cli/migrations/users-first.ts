import { literal } from 'sequelize'
import { TablesMissing } from '../../errors.js'
import { guestSettings, type GuestModel } from '../../guest/guest.js'
import { explainMissingTable } from '../../database/driver-error.js'

/**
 * Migrations of guests refer to the users table; half of them would have run by the time the database says so.
 *
 * @throws {Error} if that table is not there
 */
export async function checkUsersFirst(Guests: GuestModel): Promise<void> {
  const { User } = Guests[guestSettings]
  try {
    // As the migrations will find it: on PostgreSQL, by the search path.
    await User.unscoped().findAll({
      attributes: [User.primaryKeyAttribute],
      where: literal('1 = 0'),
      paranoid: false,
      raw: true,
    })
  } catch (error) {
    if (!(error instanceof Error) || !(explainMissingTable(error) instanceof TablesMissing)) throw error
    const table: string | { tableName: string } = User.getTableName()
    throw new Error(
      `The users table '${typeof table === 'string' ? table : table.tableName}' must be there first: guests refer ` +
        'to it. Run the migrations of your application, and then this; nothing was run',
      { cause: error },
    )
  }
}
