import { setTimeout as wait } from 'node:timers/promises'
import type { CleanupPlan } from './options.js'

/** The clock of one clean-up: ends it, and makes it rest between its batches. */
export class Throttle {
  private readonly startedAt = performance.now()
  private busy = 0
  private rested = 0

  constructor(private readonly options: Pick<CleanupPlan, 'timeBudget' | 'dutyCycle' | 'signal'>) {}

  /** Why no further batch may begin. */
  get stoppedBy(): 'signal' | 'timeBudget' | undefined {
    if (this.options.signal?.aborted === true) return 'signal'
    return this.timeLeft <= 0 ? 'timeBudget' : undefined
  }

  /** Runs what keeps the database busy. */
  async whileBusy<T>(work: () => Promise<T>): Promise<T> {
    const startedAt = performance.now()
    try {
      return await work()
    } finally {
      this.busy += performance.now() - startedAt
    }
  }

  /** Waits as long as `dutyCycle` asks for; less if the time budget ends or the signal is aborted before that. */
  async rest(): Promise<void> {
    const { dutyCycle, signal } = this.options
    const missing = this.busy * (1 / dutyCycle - 1) - this.rested
    const milliseconds = Math.min(missing, this.timeLeft)
    if (milliseconds < 1) return
    const startedAt = performance.now()
    await wait(milliseconds, undefined, { ...(signal && { signal }) }).catch(() => undefined)
    this.rested += performance.now() - startedAt
  }

  /** Milliseconds. */
  private get timeLeft(): number {
    return this.options.timeBudget * 1000 - (performance.now() - this.startedAt)
  }
}
