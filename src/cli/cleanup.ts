import { cleanup } from '../cleanup/cleanup.js'
import type { CleanupModels, CleanupOptions } from '../cleanup/options.js'
import type { CleanupKind, CleanupResult } from '../cleanup/result.js'
import { requireModels, type Configuration } from './configuration.js'
import { ExitCode, UsageError } from './failure.js'
import type { Output } from './output.js'
import { grouped, printable } from './text.js'
import { visitLogOf } from '../visitor/visits/visitor-log.js'

/** Flags of `cleanup`: what differs from one run to the next. The other options are the configuration's. */
interface CleanupFlags {
  readonly only?: 'guests' | 'visitors'
  readonly maxAge?: number
  readonly keepPasses?: number | false
  readonly keepVisits?: number | false
  readonly dryRun?: boolean
  readonly timeBudget?: number
}

const SIGNALS = ['SIGINT', 'SIGTERM'] as const

/** Deletes what is due, and prints how much. */
export async function runCleanup(
  configuration: Configuration,
  output: Output,
  { only, ...flags }: CleanupFlags,
): Promise<ExitCode> {
  const models = selectModels(configuration, only)
  const options = mergeOptions(configuration.cleanup ?? {}, flags)
  const result = await untilInterrupted((signal) => cleanup(models, { ...options, signal }))
  if (output.isJson) output.document(result)
  else printResult(output, models, result)
  return result.failed > 0 || result.stoppedBy === 'signal' ? ExitCode.PROBLEM : ExitCode.DONE
}

function selectModels(configuration: Configuration, only: CleanupFlags['only']): CleanupModels {
  const { Guest, Visitor } = requireModels(configuration)
  const models = {
    ...(only !== 'visitors' && Guest && { Guest }),
    ...(only !== 'guests' && Visitor && { Visitor, VisitorLog: visitLogOf(Visitor) }),
  }
  if (Object.keys(models).length > 0) return models
  throw new UsageError(`--only: there are no ${String(only)} in ${configuration.source}`)
}

/** The options of the configuration, overridden by the flags. */
function mergeOptions(configured: CleanupOptions, flags: Omit<CleanupFlags, 'only'>): CleanupOptions {
  const { keepPasses, keepVisits, ...plain } = flags
  return {
    ...configured,
    ...plain,
    retention: {
      ...configured.retention,
      ...(keepPasses !== undefined && { passes: keepPasses }),
      ...(keepVisits !== undefined && { visits: keepVisits }),
    },
  }
}

/** Runs `work` with a signal that the first SIGINT or SIGTERM aborts; a second one ends the process as usual. */
async function untilInterrupted<T>(work: (signal: AbortSignal) => Promise<T>): Promise<T> {
  const controller = new AbortController()
  const abort = (): void => {
    stopListening()
    controller.abort()
  }
  const stopListening = (): void => {
    for (const signal of SIGNALS) process.off(signal, abort)
  }
  for (const signal of SIGNALS) process.on(signal, abort)
  return await work(controller.signal).finally(stopListening)
}

/** The counts of the halves that were cleaned up, for people. */
function printResult(output: Output, { Guest, Visitor }: CleanupModels, result: CleanupResult): void {
  output.print(result.isDryRun ? 'Would be deleted (nothing was):' : 'Deleted:')
  const kinds: CleanupKind[] = [
    ...(Guest ? (['guests', 'pendingConversions'] as const) : []),
    ...(Visitor ? (['passes', 'visits'] as const) : []),
    ...(Guest ? (['outcomes'] as const) : []),
  ]
  output.print(...kinds.map((kind) => `  ${kind.padEnd(18)}  ${grouped(result[kind])}`))
  if (result.kept > 0) output.print(`Kept, although due: ${grouped(result.kept)}`)
  if (result.failed > 0) {
    output.print(
      `Could not be deleted: ${grouped(result.failed)}; passport-ephemeral doctor explains why.`,
      ...result.failureReasons.map((reason) => `  ${printable(reason)}`),
    )
  }
  if (result.ignoresParanoid)
    output.print('User is paranoid: these rows are really deleted, not only marked as deleted.')
  if (!result.isComplete)
    output.print(`Not everything that is due was deleted: ${whyIncomplete(result)} The next run goes on.`)
}

function whyIncomplete({ stoppedBy }: CleanupResult): string {
  if (stoppedBy === 'signal') return 'it was interrupted.'
  return stoppedBy === 'timeBudget'
    ? 'its time was up.'
    : 'so many guests in a row could not be deleted that some after them were passed over.'
}
