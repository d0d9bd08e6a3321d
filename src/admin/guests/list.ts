import { col, fn, Op, where, type WhereOptions } from 'sequelize'
import { columnNameOf, sequelizeOf } from '../../database/columns.js'
import { dialectOf } from '../../database/dialect.js'
import { parseKey, readCursor, readPage, type ListPage } from '../../database/page-by-key.js'
import { guestSettings, USER_ALIAS, type Guest, type GuestModel, type UserId } from '../../guest/guest.js'
import { keyOf } from '../../guest/user-key.js'
import { html, type Html } from '../../pages/html.js'
import type { AdminRequest } from '../admin-request.js'
import { searchField, searchText, showList } from '../list-page.js'
import { table, tag } from '../table.js'
import { guestUrl, nameOf, withUser } from './guest.js'

/** The newest first, by the index on `createdAt`. */
const ORDER = ['createdAt', 'userId']
const GUESTS_ON_A_PAGE = 50

/** Lists the guests, the newest first. */
export async function listGuests(request: AdminRequest, Guests: GuestModel): Promise<void> {
  const { req } = request
  const say = request.words.guests
  const q = searchText(req.query['q'])
  await showList(request, {
    title: say.title,
    path: '/guests',
    filter: { q },
    fields: searchField(say.search, q),
    found: await findGuests(Guests, q, req.query['after']),
    show: (guests) => guestTable(request, Guests, guests),
    none: say.none,
  })
}

function guestTable(request: AdminRequest, Guests: GuestModel, guests: readonly Guest[]): Html {
  const { words, format } = request
  const say = words.guests
  return table(
    request,
    say.title,
    [
      {
        heading: request.context.words.fields.username,
        cell: (guest) => html`<a href="${guestUrl(request, guest)}">${nameOf(Guests, guest)}</a>`,
      },
      { heading: say.age, kind: 'number', cell: ({ createdAt }) => format.age(createdAt) },
      { heading: say.made, kind: 'time', cell: ({ createdAt }) => format.time(createdAt) },
      { heading: say.lastSeen, kind: 'time', cell: ({ lastSeenAt }) => format.time(lastSeenAt) },
      {
        heading: say.expires,
        kind: 'time',
        cell: ({ expiresAt, hasExpired }) =>
          html`${format.time(expiresAt)} ${hasExpired && tag('expired', say.expired)}`,
      },
    ],
    guests,
  )
}

/** A whole username or id is looked up; a part of a username is looked for among so many guests at a time. */
async function findGuests(
  Guests: GuestModel,
  q: string | undefined,
  after: unknown,
): Promise<ListPage<Guest>> {
  const list = {
    model: Guests,
    order: ORDER,
    include: withUser(Guests),
    after: readCursor(Guests, ORDER, after),
    limit: GUESTS_ON_A_PAGE,
  }
  if (q === undefined) return await readPage<Guest>(list)
  const keys = await keysOf(Guests, q)
  if (keys.length > 0) {
    const found = await readPage<Guest>({ ...list, where: { userId: keys } })
    if (found.rows.length > 0) return found
  }
  const { User, usernameField } = Guests[guestSettings]
  const username = fn('lower', col(`${USER_ALIAS}.${columnNameOf(User, usernameField)}`))
  const { positionFunction } = dialectOf(sequelizeOf(Guests))
  // Not by LIKE: '%' and '_' stand for themselves.
  const filter = where(fn(positionFunction, username, q.toLowerCase()), { [Op.gt]: 0 }) as WhereOptions
  return await readPage<Guest>({ ...list, filter })
}

/** The users of this username or with this id, guests or not: before the join, so that each index is used. */
async function keysOf(Guests: GuestModel, q: string): Promise<UserId[]> {
  const { User, usernameField } = Guests[guestSettings]
  const key = parseKey(Guests, 'userId', q)
  const named = await User.unscoped().findAll({
    attributes: [User.primaryKeyAttribute],
    where: { [usernameField]: q },
    paranoid: false,
    raw: false,
    limit: GUESTS_ON_A_PAGE,
  })
  return [...named.map(keyOf), ...(key === undefined ? [] : [key])]
}
