import type { CleanupOptions } from '../../cleanup/options.js'
import { keptGuests } from './keep.js'

/** What the command line says of a clean-up. */
export interface CleanupFlags {
  readonly batchSize?: number
  readonly maxAge?: number
  readonly keepPasses?: number | false
  readonly keepVisits?: number | false
  readonly keepOutcomes?: number | false
  /** SQL. */
  readonly keep?: string
  readonly dryRun?: boolean
  readonly timeBudget?: number
  readonly dutyCycle?: number
  readonly individualHooks?: boolean
}

/** The options of a clean-up: what the configuration says, overridden by what is given; only `--keep` adds to it. */
export function cleanupOptions(configured: CleanupOptions, flags: CleanupFlags): CleanupOptions {
  const { keepPasses, keepVisits, keepOutcomes, keep, ...plain } = flags
  return {
    ...configured,
    ...plain,
    retention: {
      ...configured.retention,
      ...(keepPasses !== undefined && { passes: keepPasses }),
      ...(keepVisits !== undefined && { visits: keepVisits }),
      ...(keepOutcomes !== undefined && { outcomes: keepOutcomes }),
    },
    keep: {
      ...configured.keep,
      ...(keep !== undefined && { guests: keptGuests(configured.keep?.guests, keep) }),
    },
  }
}
