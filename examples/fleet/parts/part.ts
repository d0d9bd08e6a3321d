import { spawn, type ChildProcess } from 'node:child_process'
import { once } from 'node:events'
import { createInterface } from 'node:readline'
import { setTimeout as sleep } from 'node:timers/promises'

/** How to run a process of the fleet. */
export interface Recipe {
  readonly name: string
  readonly command: string
  readonly args: readonly string[]
  readonly env?: Readonly<Record<string, string>>
  /** The user to run it as, if not the one that starts the fleet. */
  readonly user?: { readonly uid: number; readonly gid: number }
  /** The signal for a graceful shutdown. @default 'SIGTERM' */
  readonly stopSignal?: NodeJS.Signals
  /** Resolves if the process is ready; otherwise rejects. */
  readonly answers: () => Promise<unknown>
  readonly log: (line: string) => void
}

const FIRST_PAUSE_MS = 100
const LONGEST_PAUSE_MS = 5000
/** A process that ran for this long has started successfully. */
const STEADY_MS = 10_000
const START_WITHIN_MS = 30_000
const STOP_WITHIN_MS = 12_000

/** A process that is started again whenever it ends, until it is stopped. */
export class Part {
  /** How often it ended without `restart` or `stop`. */
  deaths = 0
  #child: ChildProcess | undefined
  #isWanted = false
  #startedAt = 0
  #pause = FIRST_PAUSE_MS
  /** Milliseconds before the next start, set by `restart`. */
  #away: number | undefined

  constructor(private readonly recipe: Recipe) {}

  get name(): string {
    return this.recipe.name
  }

  /** Starts it, and waits until it is ready. */
  async start(): Promise<void> {
    this.#isWanted = true
    this.#run()
    const deadline = Date.now() + START_WITHIN_MS
    while (!(await this.isUp())) {
      if (Date.now() > deadline) throw new Error(`${this.name} did not start`)
      await sleep(50)
    }
  }

  async isUp(): Promise<boolean> {
    return await this.recipe.answers().then(
      () => true,
      () => false,
    )
  }

  /** Ends it by a signal, as an operator or a crash would; it is started again, after `away` milliseconds if given. */
  async restart(signal: NodeJS.Signals, away?: number): Promise<void> {
    const child = this.#child
    if (child?.pid === undefined || hasEnded(child)) throw new Error(`${this.name} is not running`)
    this.#away = away ?? 0
    const exit = once(child, 'exit')
    child.kill(signal)
    await exit
  }

  /** Stops it: gracefully, or after a time-out by SIGKILL. */
  async stop(): Promise<void> {
    this.#isWanted = false
    const child = this.#child
    if (child?.pid === undefined || hasEnded(child)) return
    const exit = once(child, 'exit')
    child.kill(this.recipe.stopSignal ?? 'SIGTERM')
    const timeout = setTimeout(() => child.kill('SIGKILL'), STOP_WITHIN_MS)
    await exit
    clearTimeout(timeout)
  }

  #run(): void {
    const { command, args, env, user, log, name } = this.recipe
    const child = spawn(command, args, {
      env: { ...process.env, ...env },
      stdio: ['ignore', 'pipe', 'pipe', ...(env === undefined ? [] : ['ipc' as const])],
      detached: true, // Ctrl-C goes to the fleet, which stops its parts in order
      ...user,
    })
    this.#child = child
    this.#startedAt = Date.now()
    for (const stream of [child.stdout, child.stderr]) {
      if (stream)
        createInterface({ input: stream }).on('line', (line) => {
          log(`${name} | ${line}`)
        })
    }
    child.once('error', (error) => {
      log(`${name} | could not be started: ${error.message}`)
    })
    child.once('exit', (code, signal) => {
      this.#onExit(signal ?? `code ${String(code)}`)
    })
  }

  #onExit(how: string): void {
    if (!this.#isWanted) return
    const away = this.#away
    this.#away = undefined
    if (away === undefined) {
      this.deaths += 1
      if (Date.now() - this.#startedAt >= STEADY_MS) this.#pause = FIRST_PAUSE_MS
    }
    const pause = away ?? this.#pause
    if (away === undefined) this.#pause = Math.min(2 * this.#pause, LONGEST_PAUSE_MS)
    this.recipe.log(`${this.name} ended (${how}); it is started again in ${pause} ms`)
    setTimeout(() => {
      if (this.#isWanted) this.#run()
    }, pause)
  }
}

function hasEnded({ exitCode, signalCode }: ChildProcess): boolean {
  return exitCode !== null || signalCode !== null
}
