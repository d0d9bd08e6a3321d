import createDebug from 'debug'
import type { Visit } from './visit.js'
import { explainMissingTable, isDataError } from '../../database/driver-error.js'
import { warn } from '../../warning.js'
import { describeError } from '../../http/redact-tokens.js'

const debug = createDebug('passport-ephemeral:visit')

/** The longest pause between two attempts, in milliseconds, while the database refuses. */
const MAX_PAUSE = 30_000

/** How the buffer is bounded, and how visits leave it. */
export interface VisitBufferOptions {
  /** How long a visit may wait, in milliseconds. */
  readonly flushInterval: number
  /** How many rows one statement writes at most. */
  readonly batchSize: number
  /** How many visits wait at most, without the batch that is being written. */
  readonly maxBuffered: number
  /** Writes visits: all of them or none. */
  readonly insert: (visits: readonly Visit[]) => Promise<void>
  /** Called with the visits that were written. Never rejects. */
  readonly written?: ((visits: readonly Visit[]) => Promise<void>) | undefined
}

/**
 * The visits of this process that are not written yet. Bounded, because the database can be unreachable for longer than
 * the memory lasts, and the application must survive it.
 *
 * One batch is written at a time: parallel batches would take connections from the requests for pages.
 */
export class VisitBuffer {
  private readonly options: VisitBufferOptions
  private readonly batchSize: number
  /** How many visits the next statement writes: fewer than `batchSize` while a row is looked for that is refused. */
  private nextSize: number
  private waiting: Visit[] = []
  private running: Promise<void> | undefined
  /** Whether a caller of `flush` waits until no visit is left, not only until the next batch is written. */
  private isFlushing = false
  private timer: NodeJS.Timeout | undefined
  private failures = 0
  private lost = 0

  constructor(options: VisitBufferOptions) {
    this.options = options
    this.batchSize = Math.min(options.batchSize, options.maxBuffered)
    this.nextSize = this.batchSize
  }

  /** How many visits were lost: pushed out by newer ones, or refused by the database for what they hold. */
  get dropped(): number {
    return this.lost
  }

  /** Adds a visit. Never throws, and never waits. */
  add(visit: Visit): void {
    this.waiting.push(visit)
    this.dropOldest()
    if (this.running !== undefined) return // it looks again when it has ended
    if (this.waiting.length >= this.batchSize && this.failures === 0) this.writeInBackground()
    else this.arm()
  }

  /** Writes all visits, those of a running batch and those added meanwhile included. Rejects if the database fails. */
  flush(): Promise<void> {
    if (this.running === undefined && this.waiting.length === 0) return Promise.resolve()
    this.isFlushing = true
    return this.start()
  }

  private start(): Promise<void> {
    clearTimeout(this.timer)
    this.timer = undefined
    this.running ??= this.run()
    return this.running
  }

  private writeInBackground(): void {
    this.start().catch((error: unknown) => {
      debug('%d visits wait to be written: %s', this.waiting.length, describeError(error))
      if (this.failures === 1) warnOf(error)
    })
  }

  /**
   * Continues only with a full batch: otherwise, under traffic, every statement would write a row or two. The end is
   * recorded in the same tick in which no visit was left, so that a visit that is added later starts a new run.
   */
  private async run(): Promise<void> {
    try {
      do await this.writeNext()
      while (this.waiting.length >= (this.isFlushing ? 1 : this.nextSize))
      this.failures = 0
    } catch (error) {
      this.failures += 1
      throw explainMissingTable(error)
    } finally {
      this.running = undefined
      this.isFlushing = false
      this.arm()
    }
  }

  /**
   * Writes the oldest visits. If the database refuses one of them, half as many are tried next, until the row is alone and
   * is lost: a pass that was deleted meanwhile must not take the visits of other passes with it.
   */
  private async writeNext(): Promise<void> {
    const batch = this.waiting.splice(0, this.nextSize)
    try {
      await this.options.insert(batch)
    } catch (error) {
      if (!isDataError(error) || batch.length > 1) this.waiting = [...batch, ...this.waiting]
      else this.lost += 1
      this.dropOldest()
      if (!isDataError(error)) throw error
      debug('a visit is refused, of %d: %s', batch.length, describeError(error))
      this.nextSize = Math.ceil(batch.length / 2)
      return
    }
    this.nextSize = Math.min(this.nextSize * 2, this.batchSize)
    await this.options.written?.(batch)
  }

  private dropOldest(): void {
    const excess = this.waiting.length - this.options.maxBuffered
    if (excess <= 0) return
    this.waiting.splice(0, excess)
    this.lost += excess
  }

  /** Starts the timer if visits wait. The timer does not keep the process alive. */
  private arm(): void {
    if (this.timer !== undefined || this.waiting.length === 0) return
    this.timer = setTimeout(() => {
      this.timer = undefined
      this.writeInBackground()
    }, this.pause()).unref()
  }

  /** Twice as long after each failure, so that a database that comes back is not flooded by all processes at once. */
  private pause(): number {
    const { flushInterval } = this.options
    return Math.min(flushInterval * 2 ** this.failures, Math.max(flushInterval, MAX_PAUSE))
  }
}

/** Once for each time that the database fails: no request waits for these visits, so that none reports the error. */
function warnOf(error: unknown): void {
  const reason = error instanceof Error ? error.message : String(error)
  warn(
    'VISITS_NOT_WRITTEN',
    `The visits of visitors cannot be written for now, and are kept: ${reason}`,
    'Look after the database, or run the migrations. The visits are written later; a process that ends before loses them.',
  )
}
