import type { Model, ModelStatic } from 'sequelize'
import { sequelizeOf } from '../database/columns.js'
import { isParanoid } from '../database/host-model.js'
import { GUEST_ALIAS, guestModel, guestSettings, type Guest } from '../guest/guest.js'
import { checkOptions, type Rule } from '../options.js'
import { visitorModel } from '../visitor/visitor.js'
import { VisitorLog } from '../visitor/visits/visitor-log.js'
import { everythingDue } from './due.js'
import { parseCleanupOptions, type CleanupModels, type CleanupOptions, type CleanupPlan } from './options.js'
import { Pace } from './pace.js'
import type { CleanupResult } from './result.js'
import { sweep, type Swept } from './sweep.js'
import { sweepOf } from './sweeps.js'
import { explainMissingTable } from '../database/driver-error.js'

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
    throw new TypeError(`${caller}: give it Guest, Visitor or VisitorLog`)
  checkTables(caller, models as CleanupModels)
}

/** A copy of a model for another schema still has its companions in the first: what is deleted there would be somebody else's. */
function checkTables(
  caller: string,
  { Guest: Guests, Visitor: Passes, VisitorLog: Visits }: CleanupModels,
): void {
  const own = Guests?.[guestSettings].User.associations[GUEST_ALIAS]?.target
  if (Guests !== undefined && own !== undefined && !areSameTable(Guests, own)) {
    throw new TypeError(
      `${caller}: option 'Guest' is a copy for another schema; give it one that defineGuestModel made there`,
    )
  }
  const ofVisits = Visits?.associations['visitor']?.target
  if (Passes !== undefined && ofVisits !== undefined && !areSameTable(Passes, ofVisits)) {
    throw new TypeError(`${caller}: options 'Visitor' and 'VisitorLog' do not belong together`)
  }
}

function areSameTable(one: ModelStatic<Model>, other: ModelStatic<Model>): boolean {
  return JSON.stringify(one.getTableName()) === JSON.stringify(other.getTableName())
}

/**
 * Deletes what is over: expired guests with their users and all that cascades from them, pending conversions that nobody confirmed, passes and visits
 * that were kept long enough. In batches, each a short transaction of its own: it can be stopped at any moment, killed as well, and the
 * next run goes on with what is left. Any number of them at once, in any number of processes, share the work, and none waits for another
 * or for a request (SQLite, which has one writer, works serially). A guest who converts, is merged or is seen again meanwhile stays, with
 * everything.
 *
 * @returns what was deleted; also if it was stopped by `signal` or `timeBudget`
 * @throws {TypeError} naming the option that is wrong
 * @throws {TablesMissing} if a table is not there
 * @throws the database's error if it is away, and what `keep` or `onProgress` throw; what is deleted stays deleted
 */
export async function cleanup<U extends Model, G extends Guest = Guest>(
  models: CleanupModels<U, G>,
  options: CleanupOptions<U, G> = {},
): Promise<CleanupResult> {
  checkCleanupModels('cleanup', models)
  // The application's types of its own rows are of no concern from here on.
  const plan = parseCleanupOptions('cleanup', options as unknown as CleanupOptions)
  return await run(models, plan)
}

async function run(models: CleanupModels, plan: CleanupPlan): Promise<CleanupResult> {
  const pace = new Pace(plan)
  const { batchSize, dryRun, onProgress } = plan
  const sweeps: Partial<Record<keyof CleanupResult, Swept>> = {}
  for (const [kind, due] of everythingDue(models, plan)) {
    const what = sweepOf(kind, due, models, plan)
    const sequelize = sequelizeOf(due.model)
    sweeps[kind] = await sweep(what, { sequelize, batchSize, dryRun, pace, onProgress }).catch(
      (error: unknown) => {
        throw explainMissingTable(error)
      },
    )
  }
  return sumUp(models, plan, pace, sweeps)
}

function sumUp(
  { Guest }: CleanupModels,
  { dryRun }: CleanupPlan,
  pace: Pace,
  { pendingConversions, guests, visits, passes, outcomes }: Partial<Record<keyof CleanupResult, Swept>>,
): CleanupResult {
  const all = [pendingConversions, guests, visits, passes, outcomes].filter((swept) => swept !== undefined)
  const isComplete = all.every((swept) => swept.isComplete)
  const isBlocked = all.some((swept) => swept.isBlocked)
  return {
    guests: guests?.deleted ?? 0,
    pendingConversions: pendingConversions?.deleted ?? 0,
    passes: passes?.deleted ?? 0,
    visits: visits?.deleted ?? 0,
    outcomes: outcomes?.deleted ?? 0,
    kept: all.reduce((sum, { kept }) => sum + kept, 0),
    blocked: all.reduce((sum, { blocked }) => sum + blocked, 0),
    blockedBy: all.flatMap(({ blockedBy }) => blockedBy),
    isComplete,
    stoppedBy: isComplete ? undefined : isBlocked ? 'blocked' : pace.stoppedBy,
    isDryRun: dryRun,
    isForced: Guest !== undefined && isParanoid(Guest[guestSettings].User),
  }
}
