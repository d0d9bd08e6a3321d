import { Op, type Model, type ModelStatic, type Transaction, type WhereOptions } from 'sequelize'
import { sequelizeOf } from '../database/columns.js'
import { hasDestroyHook } from '../database/host-model.js'
import { guestSettings, type Guest, type GuestModel } from '../guest/guest.js'
import { dayOf, noteOutcome } from '../guest/outcome.js'
import { noteExpired } from './statements/note-expired.js'
import type { Visitor } from '../visitor/visitor.js'
import type { CleanupModels, CleanupPlan } from './options.js'
import type { CleanupKind } from './result.js'
import { deleteByKey } from './statements/delete-by-key.js'
import { deleteDue } from './statements/delete-due.js'
import type { Due, DueRow } from './statements/due.js'
import { findKeys } from './statements/find-keys.js'
import type { Sweep } from './sweep.js'
import { isPostgres } from '../database/dialect.js'

/** How the rows of one kind go. */
export function sweepOf(
  kind: CleanupKind,
  due: Due,
  { Guest, Visitor: Passes }: CleanupModels,
  plan: CleanupPlan,
): Sweep {
  if (kind === 'guests' && Guest !== undefined) return guestsSweep(due, Guest, plan)
  const remove = async (rows: readonly DueRow[], transaction: Transaction) =>
    (await deleteByKey(due.model, due.key, keysOf(rows), { transaction })).length
  if (kind === 'passes' && Passes !== undefined && plan.keep.passes !== undefined) {
    const { passes } = plan.keep
    return { kind, due, remove, spare: (rows, transaction) => sparePasses(Passes, passes, rows, transaction) }
  }
  return {
    kind,
    due,
    remove,
    ...(goesAtOnce(due) && { atOnce: (after, limit) => deleteDue(due, { after, limit }) }),
  }
}

function goesAtOnce({ model }: Due): boolean {
  return isPostgres(sequelizeOf(model))
}

/** Guests go with their users rows, from which the database's cascades lead to all that is theirs. */
function guestsSweep(due: Due, Guests: GuestModel, { keep, individualHooks, maxAge }: CleanupPlan): Sweep {
  const { User, maxAge: ownMaxAge } = Guests[guestSettings]
  const key = User.primaryKeyAttribute
  const { guests } = keep
  const hooks = individualHooks ? 'individual' : hasDestroyHook(User) ? 'bulk' : undefined
  // Guests who are not expired to the application can still ask for a link, up to the moment in which they are locked.
  const isTheirTime = maxAge === undefined || maxAge >= ownMaxAge
  return {
    kind: 'guests',
    due,
    async spare(rows, transaction) {
      const kept = guests === undefined ? [] : await spareGuests(Guests, guests, rows, transaction)
      return new Set([...kept, ...(await awaited(Guests, rows, transaction))])
    },
    ...(goesAtOnce(due) &&
      guests === undefined &&
      hooks === undefined &&
      isTheirTime && {
        atOnce: (after, limit) =>
          deleteDue(due, {
            after,
            limit,
            from: { model: User, key },
            note: noteExpired(Guests, 'SELECT row_read AS made FROM due JOIN gone ON gone_key = row_key'),
          }),
      }),
    async remove(rows, transaction) {
      const gone = await deleteByKey(User, key, keysOf(rows), { transaction, hooks })
      const names = new Set(gone.map(String))
      const ended = rows.filter((row) => names.has(String(row.key)))
      if (ended.length > 0)
        await noteOutcome(Guests[guestSettings].Outcome, 'expired', countByDay(ended), transaction)
      return ended.length
    },
  }
}

/** Those whose link to confirm was made while they were being locked. From then on there can be none: it would wait for the lock. */
async function awaited(
  Guests: GuestModel,
  rows: readonly DueRow[],
  transaction: Transaction | undefined,
): Promise<string[]> {
  if (rows.length === 0) return []
  const pendingConversions = await Guests[guestSettings].PendingConversion.findAll({
    attributes: ['userId'],
    where: { userId: keysOf(rows), expiresAt: { [Op.gt]: new Date() } },
    ...inFull(transaction),
    raw: true,
  })
  return pendingConversions.map(({ userId }) => String(userId))
}

type KeepGuests = NonNullable<CleanupPlan['keep']['guests']>
type KeepPasses = NonNullable<CleanupPlan['keep']['passes']>

async function spareGuests(
  Guests: GuestModel,
  keep: KeepGuests,
  rows: readonly DueRow[],
  transaction: Transaction | undefined,
): Promise<Set<string>> {
  const { User } = Guests[guestSettings]
  if (typeof keep !== 'function')
    return await findKeys(User, User.primaryKeyAttribute, keysOf(rows), { condition: keep, transaction })
  const [users, guests] = [
    await loaded(User, User.primaryKeyAttribute, rows, transaction),
    await loaded<Guest>(Guests, 'userId', rows, transaction),
  ]
  const spared = new Set<string>()
  for (const name of keysOf(rows).map(String)) {
    const [user, guest] = [users.get(name), guests.get(name)]
    // Whoever was not found was not asked about, and stays.
    if (user === undefined || guest === undefined || (await keep({ user, guest }))) spared.add(name)
  }
  return spared
}

async function sparePasses(
  Passes: typeof Visitor,
  keep: KeepPasses,
  rows: readonly DueRow[],
  transaction: Transaction | undefined,
): Promise<Set<string>> {
  if (typeof keep !== 'function')
    return await findKeys(Passes, 'id', keysOf(rows), { condition: keep, transaction })
  const passes = await loaded<Visitor>(Passes, 'id', rows, transaction)
  const spared = new Set<string>()
  for (const name of keysOf(rows).map(String)) {
    const pass = passes.get(name)
    if (pass === undefined || (await keep(pass))) spared.add(name)
  }
  return spared
}

async function loaded<M extends Model>(
  model: ModelStatic<M>,
  key: string,
  rows: readonly DueRow[],
  transaction: Transaction | undefined,
): Promise<Map<string, M>> {
  const found = await model
    .unscoped()
    .findAll({ where: { [key]: keysOf(rows) } as WhereOptions, ...inFull(transaction) })
  return new Map(found.map((row) => [String(row.getDataValue(key as keyof M['_attributes'])), row]))
}

/** Soft-deleted rows too, from the primary, and without the application's hooks, which could hide some. */
function inFull(transaction: Transaction | undefined) {
  return { paranoid: false, hooks: false, useMaster: true, ...(transaction && { transaction }) }
}

function keysOf(rows: readonly DueRow[]): (number | string)[] {
  return rows.map(({ key }) => key)
}

function countByDay(rows: readonly DueRow[]): Map<string, number> {
  const days = new Map<string, number>()
  for (const { read } of rows) {
    const day = dayOf(read instanceof Date ? read : new Date(String(read)))
    days.set(day, (days.get(day) ?? 0) + 1)
  }
  return days
}
