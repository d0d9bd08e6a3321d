import { col, fn, Op, where, type WhereOptions } from 'sequelize'
import { columnNameOf } from '../database/columns.js'
import { guestSettings, USER_ALIAS, type Guest, type GuestModel } from '../guest/guest.js'
import { couldBeKey } from '../guest/user-key.js'
import { requireModel, type Configuration } from './configuration.js'
import { ExitCode, UsageError } from './failure.js'
import type { Output } from './output.js'
import type { Column } from './table.js'
import { minute } from './text.js'

/** Flags of `guests`. */
interface ListGuestsOptions {
  readonly username?: string
  readonly limit: number
  readonly after?: string
}

/** A guest as the command line shows it; the id is the primary key of the user. */
type DescribedGuest = ReturnType<typeof describeGuest>

const COLUMNS: readonly Column<DescribedGuest>[] = [
  { heading: 'id', align: 'right', text: ({ id }) => String(id) },
  { heading: 'username', text: ({ username }) => username },
  { heading: 'created (UTC)', text: ({ createdAt }) => minute(createdAt) },
  { heading: 'last seen (UTC)', text: ({ lastSeenAt }) => minute(lastSeenAt) },
  {
    heading: 'expires (UTC)',
    text: ({ expiresAt, hasExpired }) => `${minute(expiresAt)}${hasExpired ? ', expired' : ''}`,
  },
]

/** Lists the guests in the order of their keys. */
export async function listGuests(
  configuration: Configuration,
  output: Output,
  { username, limit, after }: ListGuestsOptions,
): Promise<ExitCode> {
  const Guests = requireModel(configuration, 'Guest')
  const { User, usernameField } = Guests[guestSettings]
  const isPossible: boolean = after === undefined || couldBeKey(User, after)
  if (!isPossible) {
    throw new UsageError(`--after: '${after ?? ''}' is no value of the primary key of ${User.name}`)
  }
  const found = await Guests.findAll({
    where: after === undefined ? {} : { userId: { [Op.gt]: after } },
    include: {
      model: User.unscoped(),
      as: USER_ALIAS,
      required: true,
      paranoid: false,
      attributes: [User.primaryKeyAttribute, usernameField],
      ...(username !== undefined && { where: usernameBegins(Guests, username) }),
    },
    order: [['userId', 'ASC']],
    limit: limit + 1,
    raw: false,
  })
  output.page({
    name: 'guests',
    found: found.map((guest) => describeGuest(guest, usernameField)),
    limit,
    columns: COLUMNS,
    next: ({ id }) => `--after ${String(id)} continues`,
  })
  return ExitCode.DONE
}

/** Compares text, not a pattern: `%` and `_` stand for themselves. */
function usernameBegins(Guests: GuestModel, start: string): WhereOptions {
  const { User, usernameField } = Guests[guestSettings]
  const column = col(`${USER_ALIAS}.${columnNameOf(User, usernameField)}`)
  const lowered = start.toLowerCase()
  return where(fn('substr', fn('lower', column), 1, Array.from(lowered).length), lowered)
}

function describeGuest(guest: Guest, usernameField: string) {
  const { userId: id, createdAt, lastSeenAt, expiresAt, hasExpired } = guest
  const user = guest.get(USER_ALIAS) as { get: (attribute: string) => unknown }
  return { id, username: String(user.get(usernameField)), createdAt, lastSeenAt, expiresAt, hasExpired }
}
