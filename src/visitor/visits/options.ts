import { aFunction, checkOptions, positiveCount, positiveSeconds } from '../../options.js'
import type { SuspectedSharing, SuspicionOptions } from './suspicion.js'
import type { VisitBufferOptions } from './visit-buffer.js'

/** How visits are buffered until they are written. */
export interface VisitLogOptions {
  /** How long a visit waits to be written with others, in seconds. @default 1 */
  flushInterval?: number
  /** How many visits one statement writes at most; as many are written before their time is up. @default 500 */
  batchSize?: number
  /**
   * How many visits this process keeps while the database is away or too slow; the oldest ones beyond are lost, and
   * counted in `VisitorLog.dropped`. A visit takes a kilobyte or two. @default 10000
   */
  maxBuffered?: number
}

/** When a pass counts as shared, and what is called then. */
export interface SharingOptions {
  /** The number of different sessions from which on a pass counts as shared. @default 5 */
  threshold?: number
  /**
   * Called after visits were written, for a pass that was used in `threshold` sessions or more, and again whenever the
   * number has grown since this process reported it. Of several processes at least one calls it, and possibly each. It
   * is not awaited, not even by `VisitorLog.flush()`; if it throws or rejects, the process emits a warning.
   */
  onSuspectedSharing: (suspected: SuspectedSharing) => unknown
}

/** The options of `defineVisitorModels` that are about visits. */
export interface VisitOptions {
  /** How visits are buffered until they are written. */
  visitLog?: VisitLogOptions
  /** Reports passes that seem to be shared. Costs a statement for sessions that are new. @default nothing is reported */
  sharing?: SharingOptions
}

/** The same, with every default filled in. */
export interface ParsedVisitOptions {
  readonly visitLog: Pick<VisitBufferOptions, 'flushInterval' | 'batchSize' | 'maxBuffered'>
  readonly sharing: SuspicionOptions | undefined
}

/** A timer takes 31 bits of milliseconds, and treats anything beyond as one millisecond. */
const MAX_TIMER = 2 ** 31 - 1

/** @throws {TypeError} naming the option that is wrong, as `visitLog.batchSize` */
export function parseVisitOptions(
  caller: string,
  { visitLog = {}, sharing }: VisitOptions,
): ParsedVisitOptions {
  checkOptions(caller, qualified('visitLog', visitLog), {
    'visitLog.flushInterval': positiveSeconds,
    'visitLog.batchSize': positiveCount,
    'visitLog.maxBuffered': positiveCount,
  })
  if (sharing !== undefined) {
    checkOptions(
      caller,
      qualified('sharing', sharing),
      { 'sharing.threshold': positiveCount, 'sharing.onSuspectedSharing': aFunction },
      ['sharing.onSuspectedSharing'],
    )
  }
  const { flushInterval = 1, batchSize = 500, maxBuffered = 10_000 } = visitLog
  return {
    visitLog: { flushInterval: Math.min(flushInterval * 1000, MAX_TIMER), batchSize, maxBuffered },
    sharing: sharing && {
      threshold: sharing.threshold ?? SUSPECT_SESSIONS,
      onSuspectedSharing: sharing.onSuspectedSharing,
    },
  }
}

/** The default of `sharing.threshold`. */
export const SUSPECT_SESSIONS = 5

function qualified(group: string, options: object): Record<string, unknown> {
  return Object.fromEntries(Object.entries(options).map(([name, value]) => [`${group}.${name}`, value]))
}
