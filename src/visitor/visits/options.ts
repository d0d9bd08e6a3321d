import { checkOptions, positiveCount, positiveSeconds } from '../../options.js'

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

/** A timer takes 31 bits of milliseconds, and treats anything beyond as one millisecond. */
const MAX_TIMER = 2 ** 31 - 1

/** @throws {TypeError} naming the option that is wrong, as `visitLog.batchSize` */
export function parseVisitLogOptions(caller: string, visitLog: VisitLogOptions = {}) {
  checkOptions(`${caller}: visitLog`, visitLog, {
    flushInterval: positiveSeconds,
    batchSize: positiveCount,
    maxBuffered: positiveCount,
  })
  const { flushInterval = 1, batchSize = 500, maxBuffered = 10_000 } = visitLog
  return { flushInterval: Math.min(flushInterval * 1000, MAX_TIMER), batchSize, maxBuffered }
}
