import { Op, type Model, type ModelStatic } from 'sequelize'
import {
  columnsOf,
  quotedField,
  quotedTable,
  selectList,
  sequelizeOf,
  type Column,
} from '../database/columns.js'
import { canInsertRaw, notDeleted, columnsForRawSelect } from '../database/host-model.js'
import { writeInsert, type Insert } from '../database/inserter.js'
import { runPrepared, statement, withoutPreparing, type Row, type Statement } from '../database/prepared.js'
import {
  guestSettings,
  GUEST_ALIAS,
  OWN_ATTRIBUTES,
  type Guest,
  type UserId,
  type GuestModel,
  type WriteOptions,
} from './guest.js'
import { dialectOf } from '../database/dialect.js'
import { lockForLatest, retryTransaction } from '../database/transactions.js'

/** A user and its `Guest` row; `null` for a regular user. */
export interface UserWithGuest<U extends Model = Model> {
  readonly user: U
  readonly guest: Guest | null
}

/** What a page costs: user and guest in one statement, on the primary. Heeds the User's default scope and paranoia. */
export async function findUserWithGuest<U extends Model>(
  Guest: GuestModel<U>,
  id: UserId,
): Promise<UserWithGuest<U> | undefined> {
  const reader = readerOf(Guest)
  if (reader !== undefined) {
    const [row] = await runPrepared(sequelizeOf(Guest), reader.byUser, [id])
    return row === undefined ? undefined : reader.build(row)
  }
  const { User } = Guest[guestSettings]
  return detach(
    await User.findOne({
      where: { [User.primaryKeyAttribute]: id } as never,
      include: [{ model: Guest, as: GUEST_ALIAS, required: false }],
      useMaster: true,
      raw: false,
    }),
  )
}

/** The guest that was made for one of these sessions, if there is one. */
export async function findGuestBySession(
  Guest: GuestModel,
  sessionHash: readonly string[],
): Promise<Guest | undefined> {
  return (await Guest.findOne({ where: { sessionHash: [...sessionHash] }, useMaster: true })) ?? undefined
}

/** Takes a session's hash from a guest that was made before a time, so that another guest can have it. */
export async function releaseSession(Guest: GuestModel, sessionHash: string, before: Date): Promise<void> {
  const where = { sessionHash, createdAt: { [Op.lt]: before } }
  await retryTransaction(() =>
    Guest.update({ sessionHash: null }, { where, hooks: false, ...withoutPreparing(sequelizeOf(Guest)) }),
  )
}

/** A user's `Guest` row, by primary key. */
export async function findGuest(
  Guest: GuestModel,
  id: UserId,
  { transaction }: WriteOptions = {},
): Promise<Guest | undefined> {
  return (await Guest.findByPk(id, { useMaster: true, ...(transaction && { transaction }) })) ?? undefined
}

/** With `expiry: 'sliding'`: writes down that the guest was seen, once in `touchInterval`, and then without a race. */
export async function touchGuest(Guest: GuestModel, guest: Guest): Promise<void> {
  const { expiry, touchInterval } = Guest[guestSettings]
  if (expiry !== 'sliding') return
  const now = Date.now()
  const due = new Date(now - touchInterval * 1000)
  if (guest.lastSeenAt > due) return
  guest.lastSeenAt = new Date(now)
  const { lastSeenAt, userId } = guest
  const where = { userId, lastSeenAt: { [Op.lte]: due } }
  await retryTransaction(() =>
    Guest.update({ lastSeenAt }, { where, hooks: false, ...withoutPreparing(sequelizeOf(Guest)) }),
  )
}

/**
 * Whether a user has this username, rows that scopes hide included. In a transaction of MySQL only a locking read sees rows
 * that were inserted after its first read.
 */
export async function usernameIsTaken(
  Guest: GuestModel,
  username: string,
  { transaction }: WriteOptions = {},
): Promise<boolean> {
  const { User, usernameField } = Guest[guestSettings]
  const other = await User.unscoped().findOne({
    attributes: [User.primaryKeyAttribute],
    where: { [usernameField]: username },
    paranoid: false,
    useMaster: true,
    raw: true,
    ...(transaction && { transaction }),
    ...lockForLatest(sequelizeOf(User), transaction ?? undefined),
  })
  return other !== null
}

/**
 * Makes a users row and its `Guest` row in one statement, and so in one round trip and all or nothing. `undefined` if
 * it cannot be done past the ORM without passing by something of the application's: hooks, validators.
 */
export async function insertGuest<U extends Model>(
  Guest: GuestModel<U>,
  userValues: Readonly<Record<string, string>>,
  sessionHash: string | undefined,
): Promise<UserWithGuest<U> | undefined> {
  const reader = readerOf(Guest)
  const { User } = Guest[guestSettings]
  if (reader === undefined || !canInsertRaw(User) || !canInsertGuestRaw(Guest)) return undefined
  const insert = await writeInsert(User, userValues)
  const values = [...insert.bind, new Date(), sessionHash ?? null]
  const [row] = await runPrepared(sequelizeOf(Guest), reader.creating(insert), values)
  return row === undefined ? undefined : reader.build(row)
}

/** Whether a `Guest` row is no more than its columns of ours: the application's own can have defaults. */
function canInsertGuestRaw(Guest: GuestModel): boolean {
  const others = Object.entries(Guest.getAttributes()).filter(([name]) => !OWN_ATTRIBUTES.includes(name))
  return canInsertRaw(Guest) && others.every(([, { defaultValue }]) => defaultValue === undefined)
}

/** Turns an ORM's user with the guest included into the two, so that the user's JSON does not grow a guest. */
function detach<U extends Model>(user: U | null): UserWithGuest<U> | undefined {
  if (user === null) return undefined
  const guest = (user.get(GUEST_ALIAS) as Guest | null | undefined) ?? null
  Reflect.deleteProperty(user, GUEST_ALIAS)
  Reflect.deleteProperty(user.dataValues as object, GUEST_ALIAS)
  // `user.reload()` would fetch it again.
  const options = (user as unknown as { _options: { include?: { as?: string }[] } })._options
  const others = options.include?.filter(({ as }) => as !== GUEST_ALIAS) ?? []
  if (others.length === 0) delete options.include
  else options.include = others
  return { user, guest }
}

/** Statements that give user and guest in one row, and what makes the two of such a row. */
interface Reader<U extends Model> {
  readonly byUser: Statement
  /** Makes the user of this INSERT and its guest; binds the time and the session's hash after the user's values. */
  readonly creating: (insert: Insert) => Statement
  readonly build: (row: Row) => UserWithGuest<U>
}

const readers = new WeakMap<object, Reader<Model> | null>()

/** `undefined` where the ORM must be asked: another dialect, or a User whose reading the application has shaped. */
function readerOf<U extends Model>(Guest: GuestModel<U>): Reader<U> | undefined {
  let reader = readers.get(Guest) as Reader<U> | null | undefined
  if (reader === undefined) {
    reader = makeReader(Guest)
    readers.set(Guest, reader as Reader<Model> | null)
  }
  return reader ?? undefined
}

const GUEST_PREFIX = 'guest.'

function makeReader<U extends Model>(Guest: GuestModel<U>): Reader<U> | null {
  const { User, preparedStatements } = Guest[guestSettings]
  if (!preparedStatements || !dialectOf(sequelizeOf(Guest)).preparesStatements) return null
  const userColumns = columnsForRawSelect(User)
  if (userColumns === undefined) return null
  const guestColumns = columnsOf(Guest)
  const columns = [
    selectList(User, userColumns, 'u.'),
    selectList(Guest, guestColumns, 'g.', GUEST_PREFIX),
  ].join(', ')
  const key = quotedField(User, User.primaryKeyAttribute)
  const [userId, createdAt, lastSeenAt, sessionHash] = (
    ['userId', 'createdAt', 'lastSeenAt', 'sessionHash'] as const
  ).map((attribute) => quotedField(Guest, attribute))
  return {
    byUser: statement(
      `SELECT ${columns} FROM ${quotedTable(User)} AS u LEFT JOIN ${quotedTable(Guest)} AS g` +
        ` ON g.${userId} = u.${key} WHERE u.${key} = $1${notDeleted(User, 'u')}`,
    ),
    creating: ({ query, bind: { length } }) =>
      statement(
        `WITH u AS (${query} RETURNING *), g AS (` +
          `INSERT INTO ${quotedTable(Guest)} (${userId}, ${createdAt}, ${lastSeenAt}, ${sessionHash})` +
          ` SELECT u.${key}, $${length + 1}, $${length + 1}, $${length + 2} FROM u RETURNING *)` +
          ` SELECT ${columns} FROM u, g`,
      ),
    build(row) {
      const guest =
        row[GUEST_PREFIX + 'userId'] === null ? null : pick(Guest, guestColumns, row, GUEST_PREFIX)
      return { user: pick(User, userColumns, row, ''), guest }
    },
  }
}

function pick<M extends Model>(
  Model: ModelStatic<M>,
  columns: readonly Column[],
  row: Row,
  prefix: string,
): M {
  const values: Row = {}
  for (const { attribute } of columns) values[attribute] = row[prefix + attribute]
  return Model.build(values as never, { raw: true, isNewRecord: false })
}
