import { aFunction, checkOptions, positiveCount, positiveSeconds } from '../../options.js'
import type { SharingOptions } from './suspicion.js'

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

/** The options of `defineVisitorModels` that are about visits. */
export interface VisitOptions {
  /** How visits are buffered until they are written. */
  visitLog?: VisitLogOptions
  /** Reports passes that seem to be shared. Costs a statement for sessions that are new. @default nothing is reported */
  sharing?: SharingOptions
}

/** A timer takes 31 bits of milliseconds, and treats anything beyond as one millisecond. */
const MAX_TIMER = 2 ** 31 - 1

/** @throws {TypeError} naming the option that is wrong, as `visitLog.batchSize` */
export function parseVisitOptions(caller: string, { visitLog = {}, sharing }: VisitOptions) {
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
    sharing: sharing && { ...sharing, threshold: sharing.threshold ?? SUSPECT_SESSIONS },
  }
}

/** The default of `sharing.threshold`. */
export const SUSPECT_SESSIONS = 5

function qualified(group: string, options: object): Record<string, unknown> {
  return Object.fromEntries(Object.entries(options).map(([name, value]) => [`${group}.${name}`, value]))
}
