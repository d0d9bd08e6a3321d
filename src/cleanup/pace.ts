import { setTimeout as wait } from 'node:timers/promises'

/** How long a clean-up may go on, and how much of that time it may be busy. */
export interface PaceOptions {
  /** Seconds. */
  readonly timeBudget: number
  readonly dutyCycle: number
  readonly signal: AbortSignal | undefined
}

/** Says before every batch whether there may be one, and rests between them. */
export class Pace {
  private readonly began = performance.now()
  private busy = 0
  private rested = 0

  constructor(private readonly options: PaceOptions) {}

  /** Why there is to be no further batch, if there is not. */
  get stoppedBy(): 'signal' | 'timeBudget' | undefined {
    if (this.options.signal?.aborted === true) return 'signal'
    return performance.now() - this.began >= this.options.timeBudget * 1000 ? 'timeBudget' : undefined
  }

  goesOn(): boolean {
    return this.stoppedBy === undefined
  }

  /** Runs what keeps the database busy. */
  async whileBusy<T>(work: () => Promise<T>): Promise<T> {
    const began = performance.now()
    try {
      return await work()
    } finally {
      this.busy += performance.now() - began
    }
  }

  /** Waits as long as `dutyCycle` asks for, or until it is over anyway. */
  async rest(): Promise<void> {
    const { dutyCycle, timeBudget } = this.options
    const owed = this.busy * (1 / dutyCycle - 1) - this.rested
    const left = timeBudget * 1000 - (performance.now() - this.began)
    const rest = Math.min(owed, left)
    if (rest < 1) return
    const began = performance.now()
    await this.pause(rest)
    this.rested += performance.now() - began
  }

  /** Waits so many milliseconds. The signal ends it early; that it was aborted is seen before the next batch. */
  async pause(milliseconds: number): Promise<void> {
    const { signal } = this.options
    await wait(milliseconds, undefined, { ...(signal && { signal }) }).catch(() => undefined)
  }
}
