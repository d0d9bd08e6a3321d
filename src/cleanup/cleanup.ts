import type { Model, ModelStatic } from 'sequelize'
import { InvalidOption } from '../invalid-option.js'
import { announce } from '../events/events.js'
import { explainMissingTable } from '../database/driver-error.js'
import { isParanoid } from '../database/host-model.js'
import { GUEST_ALIAS, guestModel, guestSettings, type Guest } from '../guest/guest.js'
import { checkOptions, type Rule } from '../options.js'
import { visitorModel } from '../visitor/visitor.js'
import { VisitorLog } from '../visitor/visits/visitor-log.js'
import { deleteInBatches, type KindResult } from './batches.js'
import { deletionOf } from './deletions.js'
import { dueOf } from './due.js'
import { parseCleanupOptions, type CleanupModels, type CleanupOptions, type CleanupPlan } from './options.js'
import type { CleanupKind, CleanupResult } from './result.js'
import { Throttle } from './throttle.js'

const visitLogModel: Rule = {
  expected: 'the VisitorLog model that defineVisitorModels returned',
  test: (value) => typeof value === 'function' && value.prototype instanceof VisitorLog,
}

/** @throws {TypeError} naming the model that is not one of this package's, or that none was given */
export function checkCleanupModels(caller: string, models: object): void {
  checkOptions(caller, models, {
    Guest: guestModel,
    Visitor: visitorModel,
    VisitorLog: visitLogModel,
  })
  if (Object.values(models).every((model) => model === undefined))
    throw new InvalidOption(`${caller}: give it Guest, Visitor or VisitorLog`)
  checkTables(caller, models as CleanupModels)
}

/** A copy of a model for another schema still refers to tables of the first schema: the clean-up would delete the wrong rows there. */
function checkTables(
  caller: string,
  { Guest: Guests, Visitor: Passes, VisitorLog: Visits }: CleanupModels,
): void {
  const own = Guests?.[guestSettings].User.associations[GUEST_ALIAS]?.target
  if (Guests !== undefined && own !== undefined && !areSameTable(Guests, own)) {
    throw new InvalidOption(
      `${caller}: option 'Guest' is a copy for another schema; give it one that defineGuestModel made there`,
    )
  }
  const ofVisits = Visits?.associations['visitor']?.target
  if (Passes !== undefined && ofVisits !== undefined && !areSameTable(Passes, ofVisits)) {
    throw new InvalidOption(`${caller}: options 'Visitor' and 'VisitorLog' do not belong together`)
  }
}

function areSameTable(one: ModelStatic<Model>, other: ModelStatic<Model>): boolean {
  return JSON.stringify(one.getTableName()) === JSON.stringify(other.getTableName())
}

/**
 * Deletes expired guests with their users and everything that cascades from them, pending conversions that were not confirmed in time,
 * and passes and visits at the end of their retention.
 *
 * It works in batches, each a short transaction of its own. It can be stopped or killed at any moment; the next run continues with what
 * is left. Several clean-ups at once, in any number of processes, share the work, and none waits for another or for a request (SQLite,
 * which has one writer, runs them one after the other). A guest who converts, is merged or is seen again meanwhile is not deleted.
 *
 * @example
 * const { guests, passes, isComplete } = await cleanup({ Guest, Visitor, VisitorLog }, { timeBudget: 600 })
 *
 * @returns what was deleted; also if it was stopped by `signal`, `timeBudget` or `maxFailed`
 * @throws {TypeError} naming the option that is wrong
 * @throws {TablesMissing} if a table is missing
 * @throws the database's error if it cannot be reached, and what `keep` or `onProgress` throw; what is deleted stays deleted
 */
export async function cleanup<U extends Model, G extends Guest = Guest>(
  models: CleanupModels<U, G>,
  options: CleanupOptions<U, G> = {},
): Promise<CleanupResult> {
  checkCleanupModels('cleanup', models)
  // From here on the application's types of its rows do not matter.
  const plan = parseCleanupOptions('cleanup', options as unknown as CleanupOptions)
  const throttle = new Throttle(plan)
  const results = new Map<CleanupKind, KindResult>()
  for (const [kind, due] of dueOf(models, plan)) {
    const deletion = deletionOf(kind, due, models, plan)
    const result = await deleteInBatches(deletion, plan, throttle).catch((error: unknown) => {
      throw explainMissingTable(error)
    })
    results.set(kind, result)
  }
  const { Guest: Guests } = models
  const summary = summarize(results)
  if (!plan.dryRun) announceExpired(models, summary, plan)
  return {
    ...summary,
    isDryRun: plan.dryRun,
    ignoresParanoid: Guests !== undefined && isParanoid(Guests[guestSettings].User),
  }
}

function announceExpired<U extends Model, G extends Guest>(
  { Guest: Guests, Visitor: Passes }: CleanupModels<U, G>,
  { guests, passes, visits }: Pick<CleanupResult, 'guests' | 'passes' | 'visits'>,
  { req, actor }: Pick<CleanupPlan, 'req' | 'actor'>,
): void {
  if (Guests !== undefined && guests > 0) announce(Guests.events, 'expired', { guests, req, actor })
  if (Passes !== undefined && passes + visits > 0)
    announce(Passes.events, 'expired', { passes, visits, req, actor })
}

function summarize(
  results: ReadonlyMap<CleanupKind, KindResult>,
): Omit<CleanupResult, 'isDryRun' | 'ignoresParanoid'> {
  const all = [...results.values()]
  const deleted = (kind: CleanupKind): number => results.get(kind)?.deleted ?? 0
  const stoppedBy = all.find((result) => result.stoppedBy !== undefined)?.stoppedBy
  return {
    guests: deleted('guests'),
    pendingConversions: deleted('pendingConversions'),
    passes: deleted('passes'),
    visits: deleted('visits'),
    outcomes: deleted('outcomes'),
    kept: all.reduce((sum, { kept }) => sum + kept, 0),
    failed: all.reduce((sum, { failed }) => sum + failed, 0),
    failureReasons: all.flatMap(({ failureReasons }) => failureReasons),
    isComplete: stoppedBy === undefined,
    stoppedBy,
  }
}
