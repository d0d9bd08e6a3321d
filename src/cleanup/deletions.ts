import { Op, type Model, type ModelStatic, type Transaction, type WhereOptions } from 'sequelize'
import { quotedField, quotedTable, sequelizeOf } from '../database/columns.js'
import { isPostgres } from '../database/dialect.js'
import { hasDestroyHook } from '../database/host-model.js'
import { guestSettings, type Guest, type GuestModel } from '../guest/guest.js'
import { dayOf, recordOutcome, type GuestEnd } from '../guest/outcome.js'
import type { Visitor } from '../visitor/visitor.js'
import type { Deletion } from './batch.js'
import type { Due } from './due.js'
import type { CleanupModels, CleanupPlan, Keep } from './options.js'
import type { CleanupKind } from './result.js'
import { deleteByKey, deleteInOneStatement, findKeys, readAll, type DueRow, type Key } from './statements.js'

/** How the rows of one kind are deleted. */
export function deletionOf(
  kind: CleanupKind,
  due: Due,
  { Guest, Visitor: Passes }: CleanupModels,
  plan: CleanupPlan,
): Deletion {
  if (kind === 'guests' && Guest !== undefined) return guestDeletion(due, Guest, plan)
  const { passes } = plan.keep
  const keepsSome = kind === 'passes' && Passes !== undefined && passes !== undefined
  return {
    kind,
    due,
    findKept: keepsSome
      ? (rows, transaction) => findKeptPasses(Passes, passes, rows, transaction)
      : undefined,
    deleteInOneStatement:
      isPostgres(sequelizeOf(due.model)) && !keepsSome
        ? (after, limit) => deleteInOneStatement(due, after, limit)
        : undefined,
    deleteRows: async (rows, transaction) => (await deleteByKey(due, keysOf(rows), transaction)).length,
  }
}

/** Deletes the users rows of guests; the database's cascades delete all that belongs to them. */
function guestDeletion(due: Due, Guests: GuestModel, plan: CleanupPlan): Deletion {
  const { User, maxAge: ownMaxAge } = Guests[guestSettings]
  const users = { model: User, key: User.primaryKeyAttribute }
  const { guests } = plan.keep
  const hooks = plan.individualHooks ? 'individual' : hasDestroyHook(User) ? 'bulk' : undefined
  // A guest who is younger than the model's maxAge can still ask for a link, until the guest's rows are locked.
  const canAskForLink = plan.maxAge !== undefined && plan.maxAge < ownMaxAge
  const mustLookAtRows = guests !== undefined || hooks !== undefined || canAskForLink
  return {
    kind: 'guests',
    due,
    deleteInOneStatement:
      isPostgres(sequelizeOf(User)) && !mustLookAtRows
        ? (after, limit) =>
            deleteInOneStatement(due, after, limit, { from: users, insert: insertExpired(Guests) })
        : undefined,
    async findKept(rows, transaction) {
      const kept = guests === undefined ? [] : await findKeptGuests(Guests, guests, rows, transaction)
      return new Set([...kept, ...(await guestsWithOpenLink(Guests, rows, transaction))])
    },
    async deleteRows(rows, transaction) {
      const deleted = new Set((await deleteByKey(users, keysOf(rows), transaction, hooks)).map(String))
      const expired = rows.filter(({ key }) => deleted.has(String(key)))
      if (expired.length > 0)
        await recordOutcome(Guests[guestSettings].Outcome, 'expired', countByDay(expired), transaction)
      return expired.length
    },
  }
}

/** For {@link deleteInOneStatement}: counts the deleted guests by the day on which they were created. */
function insertExpired(Guests: GuestModel): string {
  const { Outcome } = Guests[guestSettings]
  const columns = (['outcome', 'guests', 'createdOn', 'endedOn'] as const).map((attribute) =>
    quotedField(Outcome, attribute),
  )
  const outcome: GuestEnd = 'expired'
  return (
    `INSERT INTO ${quotedTable(Outcome)} (${columns.join(', ')})` +
    ` SELECT '${outcome}', COUNT(*), (row_read AT TIME ZONE 'UTC')::date, DATE '${dayOf(new Date())}'` +
    ` FROM due JOIN deleted ON deleted_key = row_key GROUP BY 3`
  )
}

function countByDay(rows: readonly DueRow[]): Map<string, number> {
  const days = new Map<string, number>()
  for (const { read } of rows) {
    const day = dayOf(read instanceof Date ? read : new Date(String(read)))
    days.set(day, (days.get(day) ?? 0) + 1)
  }
  return days
}

/** Guests who got a link while the clean-up was locking their rows. Once they are locked, a new link waits for the lock. */
async function guestsWithOpenLink(
  Guests: GuestModel,
  rows: readonly DueRow[],
  transaction: Transaction | undefined,
): Promise<string[]> {
  const pendingConversions = await Guests[guestSettings].PendingConversion.findAll({
    attributes: ['userId'],
    where: { userId: keysOf(rows), expiresAt: { [Op.gt]: new Date() } },
    ...readAll(transaction),
    raw: true,
  })
  return pendingConversions.map(({ userId }) => String(userId))
}

async function findKeptGuests(
  Guests: GuestModel,
  keep: NonNullable<Keep['guests']>,
  rows: readonly DueRow[],
  transaction: Transaction | undefined,
): Promise<Set<string>> {
  const { User } = Guests[guestSettings]
  const key = User.primaryKeyAttribute
  if (typeof keep !== 'function') return await findKeys({ model: User, key }, keysOf(rows), keep, transaction)
  const users = await load(User, key, rows, transaction)
  const guests = await load<Guest>(Guests, 'userId', rows, transaction)
  return await keysThatStay(rows, (name) => {
    const [user, guest] = [users.get(name), guests.get(name)]
    return user === undefined || guest === undefined || keep({ user, guest })
  })
}

async function findKeptPasses(
  Passes: typeof Visitor,
  keep: NonNullable<Keep['passes']>,
  rows: readonly DueRow[],
  transaction: Transaction | undefined,
): Promise<Set<string>> {
  if (typeof keep !== 'function')
    return await findKeys({ model: Passes, key: 'id' }, keysOf(rows), keep, transaction)
  const passes = await load<Visitor>(Passes, 'id', rows, transaction)
  return await keysThatStay(rows, (name) => {
    const pass = passes.get(name)
    return pass === undefined || keep(pass)
  })
}

/** Asks for each row, one after the other. A row that could not be loaded stays: `keep` was not asked about it. */
async function keysThatStay(
  rows: readonly DueRow[],
  stays: (key: string) => boolean | Promise<boolean>,
): Promise<Set<string>> {
  const kept = new Set<string>()
  for (const key of keysOf(rows).map(String)) if (await stays(key)) kept.add(key)
  return kept
}

async function load<M extends Model>(
  model: ModelStatic<M>,
  key: string,
  rows: readonly DueRow[],
  transaction: Transaction | undefined,
): Promise<Map<string, M>> {
  const found = await model
    .unscoped()
    .findAll({ where: { [key]: keysOf(rows) } as WhereOptions, ...readAll(transaction) })
  return new Map(found.map((row) => [String(row.getDataValue(key as keyof M['_attributes'])), row]))
}

function keysOf(rows: readonly DueRow[]): Key[] {
  return rows.map(({ key }) => key)
}
