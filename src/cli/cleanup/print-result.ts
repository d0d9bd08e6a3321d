import type { CleanupModels } from '../../cleanup/options.js'
import type { CleanupKind, CleanupResult } from '../../cleanup/result.js'
import type { Output } from '../output.js'
import { printable } from '../text/printable.js'
import { grouped } from '../text/number.js'
import { table } from '../text/table.js'

const OF_GUESTS: readonly CleanupKind[] = ['guests', 'pendingConversions', 'outcomes']

/** What a clean-up did with the half, or both, that it looked after; for people. */
export function printCleanup(output: Output, { Guest, Visitor }: CleanupModels, result: CleanupResult): void {
  const { colours } = output
  output.print(colours.bold(result.isDryRun ? 'Would be deleted (nothing was):' : 'Deleted:'))
  const counts = (['guests', 'pendingConversions', 'passes', 'visits', 'outcomes'] as const)
    .filter((kind) => (OF_GUESTS.includes(kind) ? Guest : Visitor) !== undefined)
    .map((kind) => [kind, grouped(result[kind])])
  const [, ...lines] = table([{ heading: '' }, { heading: '', align: 'right' }], counts)
  output.print(...lines.map((line) => `  ${line}`))
  if (result.kept > 0) output.print(`Kept, although due: ${grouped(result.kept)}`)
  if (result.failed > 0) {
    output.print(
      colours.red(`Could not be deleted: ${grouped(result.failed)}; passport-ephemeral doctor says why.`),
      ...result.failureReasons.map((reason) => `  ${printable(reason)}`),
    )
  }
  if (result.ignoresParanoid)
    output.print('User is paranoid: these rows are really deleted, not only marked as deleted.')
  if (!result.isComplete)
    output.print(`Not everything that is due: ${whyIncomplete(result)} The next run goes on.`)
}

function whyIncomplete({ stoppedBy }: CleanupResult): string {
  if (stoppedBy === 'signal') return 'it was interrupted.'
  return stoppedBy === 'timeBudget' ? 'its time was up.' : 'too many rows could not be deleted.'
}
