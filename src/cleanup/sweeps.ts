import { Op, type Model, type ModelStatic, type Transaction, type WhereOptions } from 'sequelize'
import { sequelizeOf } from '../database/columns.js'
import { hasDestroyHook } from '../database/host-model.js'
import { speaksPostgres } from '../database/prepared.js'
import { guestSettings, type Guest, type GuestModel } from '../guest/guest.js'
import { dayOf, noteOutcome } from '../guest/outcome.js'
import { noteExpired } from './note-expired.js'
import type { Visitor } from '../visitor/visitor.js'
import type { CleanupModels, CleanupPlan } from './options.js'
import type { CleanupKind } from './result.js'
import { deleteByKey, deleteDue, type Due, type DueRow } from './statements.js'
import type { Sweep } from './sweep.js'

/** How the rows of one kind go. */
export function sweepOf(
  kind: CleanupKind,
  due: Due,
  { Guest, Visitor: Passes }: CleanupModels,
  plan: CleanupPlan,
): Sweep {
  if (kind === 'guests' && Guest !== undefined) return guestsSweep(due, Guest, plan)
  const remove = (rows: readonly DueRow[], transaction: Transaction) =>
    deleteByKey(due.model, due.key, keysOf(rows), transaction)
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
  return speaksPostgres(sequelizeOf(model))
}

/** Guests go with their users rows, from which the database's cascades lead to all that is theirs. */
function guestsSweep(due: Due, Guests: GuestModel, { keep, individualHooks }: CleanupPlan): Sweep {
  const { User } = Guests[guestSettings]
  const key = User.primaryKeyAttribute
  const { guests } = keep
  const hooked = individualHooks || hasDestroyHook(User)
  return {
    kind: 'guests',
    due,
    ...(guests !== undefined && {
      spare: (rows, transaction) => spareGuests(Guests, guests, rows, transaction),
    }),
    ...(goesAtOnce(due) &&
      guests === undefined &&
      !hooked && {
        atOnce: (after, limit) =>
          deleteDue(due, {
            after,
            limit,
            from: { model: User, key },
            note: noteExpired(Guests, 'SELECT row_read AS made FROM due'),
          }),
      }),
    async remove(rows, transaction) {
      const keys = keysOf(rows)
      if (hooked) {
        // Deleted for good also where users are only marked as deleted: guests were promised to be gone.
        await User.unscoped().destroy({ where: { [key]: keys }, force: true, individualHooks, transaction })
      } else {
        await deleteByKey(User, key, keys, transaction)
      }
      await noteOutcome(Guests, 'expired', countByDay(rows), transaction)
    },
  }
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
  if (typeof keep !== 'function') return await matching(User, keep, rows, transaction)
  const [users, guests] = [
    await loaded(User, User.primaryKeyAttribute, rows, transaction),
    await loaded<Guest>(Guests, 'userId', rows, transaction),
  ]
  const spared = new Set<string>()
  for (const name of keysOf(rows).map(String)) {
    const [user, guest] = [users.get(name), guests.get(name)]
    if (user !== undefined && guest !== undefined && (await keep({ user, guest }))) spared.add(name)
  }
  return spared
}

async function sparePasses(
  Passes: typeof Visitor,
  keep: KeepPasses,
  rows: readonly DueRow[],
  transaction: Transaction | undefined,
): Promise<Set<string>> {
  if (typeof keep !== 'function') return await matching(Passes, keep, rows, transaction)
  const spared = new Set<string>()
  for (const [name, pass] of await loaded<Visitor>(Passes, 'id', rows, transaction)) {
    if (await keep(pass)) spared.add(name)
  }
  return spared
}

/** Which of these rows meet the application's condition, by their keys. */
async function matching(
  model: ModelStatic<Model>,
  condition: WhereOptions,
  rows: readonly DueRow[],
  transaction: Transaction | undefined,
): Promise<Set<string>> {
  const key = model.primaryKeyAttribute
  const found = await model.unscoped().findAll({
    attributes: [key],
    where: { [Op.and]: [{ [key]: keysOf(rows) }, condition] },
    ...inFull(transaction),
    raw: true,
  })
  return new Set(found.map((row) => String((row as unknown as Record<string, unknown>)[key])))
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
  return new Map(found.map((row) => [String(row.get(key)), row]))
}

/** Soft-deleted rows too, and from the primary. */
function inFull(transaction: Transaction | undefined) {
  return { paranoid: false, useMaster: true, ...(transaction && { transaction }) }
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
