import { Op, type Model, type ModelStatic, type Transaction, type WhereOptions } from 'sequelize'
import { quotedField, quotedTable, sequelizeOf } from '../database/columns.js'
import { dialectOf } from '../database/dialect.js'
import { hasDestroyHook } from '../database/host-model.js'
import { guestSettings, type Guest, type GuestModel } from '../guest/guest.js'
import { dayOf, recordOutcome, type GuestEnd } from '../guest/outcome.js'
import type { Visitor } from '../visitor/visitor.js'
import type { Deletion } from './batch.js'
import type { Due } from './due.js'
import type { CleanupModels, CleanupPlan } from './options.js'
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
  const keep = kind === 'passes' ? plan.keep.passes : undefined
  return {
    kind,
    due,
    findKept:
      keep &&
      Passes &&
      ((rows, transaction) =>
        findKept(due, keep, rows, transaction, async () => {
          const passes = await load<Visitor>(Passes, 'id', rows, transaction)
          return (key) => passes.get(key)
        })),
    deleteInOneStatement:
      dialectOf(sequelizeOf(due.model)).hasWritingSelect && keep === undefined
        ? (after, limit) => deleteInOneStatement(due, after, limit)
        : undefined,
    deleteRows: async (rows, transaction) => (await deleteByKey(due, keysOf(rows), transaction)).length,
  }
}

/**
 * Deletes the users rows of guests; the database's cascades delete all that belongs to them. A guest who is converting is locked by
 * `convertGuest`, and `selectDueRows` passes over the lock.
 */
function guestDeletion(due: Due, Guests: GuestModel, plan: CleanupPlan): Deletion {
  const { User, Outcome, PendingConversion, maxAge: ownMaxAge } = Guests[guestSettings]
  const users = { model: User, key: User.primaryKeyAttribute }
  const keep = plan.keep.guests
  const hooks = plan.individualHooks === true ? 'individual' : hasDestroyHook(User) ? 'bulk' : undefined
  // A guest who is younger than the model's maxAge can still ask for a link, until the guest's rows are locked.
  const canAskForLink = plan.maxAge !== undefined && plan.maxAge < ownMaxAge
  const mustLookAtRows = keep !== undefined || hooks !== undefined || canAskForLink
  return {
    kind: 'guests',
    due,
    deleteInOneStatement:
      dialectOf(sequelizeOf(User)).hasWritingSelect && !mustLookAtRows
        ? (after, limit) =>
            deleteInOneStatement(due, after, limit, { from: users, insert: insertExpired(Guests) })
        : undefined,
    async findKept(rows, transaction) {
      // Guests who got a link while the clean-up was locking their rows. From now on a new link waits for the lock.
      const pending = { model: PendingConversion, key: 'userId' }
      const isOpen = { expiresAt: { [Op.gt]: new Date() } }
      const withOpenLink = await findKeys(pending, keysOf(rows), isOpen, transaction)
      if (keep === undefined) return withOpenLink
      const kept = await findKept(users, keep, rows, transaction, async () => {
        const loadedUsers = await load(User, users.key, rows, transaction)
        const guests = await load<Guest>(Guests, 'userId', rows, transaction)
        return (key) => {
          const [user, guest] = [loadedUsers.get(key), guests.get(key)]
          return user && guest && { user, guest }
        }
      })
      return new Set([...kept, ...withOpenLink])
    },
    async deleteRows(rows, transaction) {
      const deleted = new Set((await deleteByKey(users, keysOf(rows), transaction, hooks)).map(String))
      const expired = rows.filter(({ key }) => deleted.has(String(key)))
      if (expired.length > 0) await recordOutcome(Outcome, 'expired', countByDay(expired), transaction)
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

/**
 * The keys, as text, of the rows that `keep` keeps: by a condition on `table`, or by a function that is asked about each row, one after
 * the other. A row that could not be loaded stays: the function was not asked about it.
 */
async function findKept<R>(
  table: Pick<Due, 'model' | 'key'>,
  keep: WhereOptions | ((row: R) => boolean | Promise<boolean>),
  rows: readonly DueRow[],
  transaction: Transaction | undefined,
  loadRows: () => Promise<(key: string) => R | undefined>,
): Promise<Set<string>> {
  if (typeof keep !== 'function') return await findKeys(table, keysOf(rows), keep, transaction)
  const rowOf = await loadRows()
  const kept = new Set<string>()
  for (const key of keysOf(rows).map(String)) {
    const row = rowOf(key)
    if (row === undefined || (await keep(row))) kept.add(key)
  }
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
