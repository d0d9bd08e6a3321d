import PgBoss from 'pg-boss'
import { setTimeout as sleep } from 'node:timers/promises'
import { withDatabase } from './database.js'
import { interrupted } from './faults.js'
import type { Ledger } from './ledger.js'

const QUEUE = 'passport-ephemeral-cleanup'
const EVERY_MS = 2000
const LAST_WITHIN_MS = 30_000

/** The results of the queued clean-ups. */
export interface CleanUps {
  readonly completed: number
  readonly taken: number
  readonly guests: number
  readonly stopped: number
}

/** Queues clean-ups, the next one as soon as the last has been started. */
export class Operator {
  private readonly boss: PgBoss
  private timer: NodeJS.Timeout | undefined

  constructor(private readonly url: string) {
    this.boss = new PgBoss({ connectionString: url, schedule: false, supervise: false, max: 2 })
    this.boss.on('error', () => undefined) // the database is unavailable at times
  }

  async start(): Promise<void> {
    await this.boss.start()
    this.timer = setInterval(() => {
      this.queue().catch(() => undefined)
    }, EVERY_MS)
  }

  async stop(): Promise<void> {
    clearInterval(this.timer)
    await this.boss.stop({ graceful: false })
  }

  /** Runs a last clean-up: it deletes every guest that had expired when it was queued. */
  async finish(ledger: Ledger, guestMaxAge: number): Promise<CleanUps> {
    clearInterval(this.timer)
    const since = new Date(Date.now() - guestMaxAge * 1000)
    const deadline = Date.now() + LAST_WITHIN_MS
    let isComplete = false
    while (!isComplete && Date.now() < deadline) {
      const id = (await this.boss.send(QUEUE, {})) ?? ''
      for (;;) {
        const job = await this.boss.getJobById<object>(QUEUE, id)
        if (job?.completedOn) {
          isComplete = (job.output as { isComplete?: boolean }).isComplete === true
          break
        }
        if (Date.now() > deadline) break
        await sleep(100)
      }
    }
    ledger.expect(isComplete, 'the last clean-up did not complete')
    return await withDatabase(this.url, async (client) => {
      const overdue = await client.query(`SELECT FROM "Guests" WHERE "createdAt" <= $1`, [since])
      ledger.expect(overdue.rows.length === 0, `${overdue.rows.length} expired guests were not deleted`)
      const { rows } = await client.query<{
        id: string
        state: string
        retries: number
        output: { guests?: number; stoppedBy?: string } | null
      }>('SELECT id, state, retry_count AS retries, output FROM pgboss.job WHERE name = $1', [QUEUE])
      for (const { id, state } of rows) ledger.expect(state === 'completed', `the clean-up ${id} is ${state}`)
      for (const id of interrupted) {
        const job = rows.find((row) => row.id === id)
        ledger.expect((job?.retries ?? 0) > 0, `no worker took over the clean-up ${id} of the killed worker`)
      }
      return {
        completed: rows.filter(({ state }) => state === 'completed').length,
        taken: rows.filter(({ retries }) => retries > 0).length,
        guests: rows.reduce((sum, { output }) => sum + (output?.guests ?? 0), 0),
        stopped: rows.filter(({ output }) => output?.stoppedBy === 'timeBudget').length,
      }
    })
  }

  private async queue(): Promise<void> {
    if ((await this.boss.getQueueSize(QUEUE)) === 0) await this.boss.send(QUEUE, {})
  }
}
