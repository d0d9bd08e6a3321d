import { checkCleanupModels } from './cleanup.js'
import { everythingDue } from './due.js'
import { parseCleanupOptions, type CleanupModels, type CleanupOptions } from './options.js'
import type { CleanupKind } from './result.js'
import { countDueRows } from './statements/take-due.js'

/** How many rows of each kind are due, one statement each; without regard to `keep`. For the end of a progress bar. */
export async function countDue(
  models: CleanupModels,
  options: CleanupOptions = {},
): Promise<Record<CleanupKind, number>> {
  checkCleanupModels('countDue', models)
  const counts = { pendingConversions: 0, guests: 0, visits: 0, passes: 0, outcomes: 0 }
  for (const [kind, due] of everythingDue(models, parseCleanupOptions('countDue', options))) {
    counts[kind] = await countDueRows(due)
  }
  return counts
}
