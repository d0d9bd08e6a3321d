import { EVENTS, LINK_KINDS, type LinkKind, type Memory, type Rows, WHO } from './agreement.js'
import type { Mail } from './application.js'
import { Browser } from './browser.js'
import { Connection, headerOf, headersOf, type Answer } from './connection.js'
import { judge } from './judges.js'
import { spoil } from './mutations.js'
import { Random } from './random.js'
import { bytesOf, targetOf, type Shot } from './shot.js'

/** The ports of the application under attack. */
export interface Ports {
  readonly port: number
  readonly control: number
}

export interface CampaignOptions {
  readonly seed: number
  /** So many requests, at least: a case is not broken off. */
  readonly requests: number
  /** One case alone. */
  readonly only?: number | undefined
  /** Called for each fault as it is found. */
  readonly onFault?: (fault: Fault) => void
  /** Called after each round. */
  readonly onRound?: () => Promise<void>
}

/** Something that must not be, and the case in which it was seen. */
export interface Fault {
  readonly what: string
  /** The number for `--only`; `undefined`: it was seen in the rows, after all cases. */
  readonly only: number | undefined
}

/** Cases at a time, and until the logs are read. */
const PARALLEL = 8
const ROUND = 40
const LONGEST_CASE = 26
const SLOW_MS = 15_000
/** It ends after so many. */
const MOST_FAULTS = 20

/** Sends the requests, judges each answer, and then the logs and the rows. */
export class Campaign {
  readonly faults: Fault[] = []
  /** Answers by status; 0: the connection was closed without one. */
  readonly statuses = new Map<number, number>()
  /** What the package told of, and how often. */
  readonly events = new Map<string, number>()
  requests = 0
  cases = 0
  /** Milliseconds. */
  slowest = 0
  private invited = 0
  private unanswered = 0
  private readonly guests = new Set<string>()
  private secrets = new Map<string, number>()
  /** Of the faults. */
  private readonly kinds = new Set<string>()

  constructor(
    private readonly ports: Ports,
    private readonly options: CampaignOptions,
  ) {}

  async run(): Promise<void> {
    const { requests, only, onRound } = this.options
    const before = await this.ask<Rows>('rows')
    do {
      const first = only ?? this.cases
      const numbers = Array.from({ length: only === undefined ? ROUND : 1 }, (_, index) => first + index)
      this.cases += numbers.length
      await Promise.all(
        Array.from({ length: PARALLEL }, async () => {
          for (let number = numbers.shift(); number !== undefined; number = numbers.shift())
            await this.runCase(number)
        }),
      )
      await this.judgeLogs()
      await onRound?.()
    } while (only === undefined && this.requests < requests && this.faults.length < MOST_FAULTS)
    this.judgeRows(before, await this.ask<Rows>('rows'))
  }

  async memory(): Promise<Memory> {
    return await this.ask<Memory>('memory')
  }

  /** A person's visit, of which every request may have something wrong. */
  private async runCase(number: number): Promise<void> {
    const random = new Random(this.options.seed, number)
    const beginning = random.weighted({ link: 4, play: 4, form: 3, operator: 2, auditor: 0.5, anywhere: 2 })
    const browser = new Browser(random, number, beginning === 'operator' || beginning === 'auditor')
    const connection = new Connection(this.ports.port)
    const send = (shot: Shot): Promise<void> => this.send(shot, { number, browser, connection })
    try {
      if (beginning === 'link') await this.invite(random.pick(LINK_KINDS), number, browser)
      if (beginning === 'operator' || beginning === 'auditor') await send(browser.logIn(beginning))
      if (beginning === 'play') await send(browser.open('/play'))
      if (beginning === 'form') await send(browser.open('/reference'))
      const length = 4 + random.below(LONGEST_CASE - 4)
      for (let sent = 0; sent < length; sent++) await send(spoil(browser.next(), random))
    } finally {
      connection.close()
    }
  }

  private async send(
    shot: Shot,
    { number, browser, connection }: { number: number; browser: Browser; connection: Connection },
  ): Promise<void> {
    const bytes = bytesOf(shot)
    const isWhole = shot.spoil === undefined && shot.method !== 'CONNECT'
    const began = performance.now()
    const answers = await connection.send(bytes, { isWhole })
    const took = performance.now() - began
    this.requests++
    this.slowest = Math.max(this.slowest, took)
    const fault = (name: string, what = ''): void => {
      this.fail(`${name}: ${what.slice(0, 1500)}\n${describe(shot, bytes)}`, number, `${name} ${shot.path}`)
    }
    if (answers.length === 0) {
      this.count(this.statuses, 0)
      if (isWhole && took > SLOW_MS) fault('a request has an answer')
      if (!isWhole) this.unanswered++
    }
    // A name that was spoilt is not known to redactTokens.
    if (shot.spoil !== undefined)
      for (const [secret, owner] of this.secrets) if (owner === number) this.secrets.delete(secret)
    for (const answer of answers) {
      this.count(this.statuses, answer.status)
      this.learn(answer, number)
      for (const [name, what] of judge({ shot, answer, personal: [browser.mailbox] })) fault(name, what)
      browser.learn(answer)
    }
    if (shot.form?.some(([name]) => name === 'email') === true) await this.readMail(number, browser)
  }

  private learn(answer: Answer, number: number): void {
    for (const event of (headerOf(answer, EVENTS) ?? '').split(' ').filter(Boolean)) {
      const [name = '', count] = event.split(':')
      this.count(this.events, name, Number(count))
      const [, guest] = /guest:(\d+)/.exec(headerOf(answer, WHO) ?? '') ?? []
      if (name === 'created' && guest !== undefined) this.guests.add(guest)
    }
    for (const cookie of headersOf(answer, 'set-cookie')) {
      const [, id] = /^connect\.sid=s%3A([^.]+)\./.exec(cookie) ?? []
      if (id !== undefined) this.secrets.set(id, number)
    }
  }

  private async invite(kind: LinkKind, number: number, browser: Browser): Promise<void> {
    this.invited++
    this.take({ link: await this.ask<string>('invite', { kind, email: browser.mailbox }) }, number, browser)
  }

  private async readMail(number: number, browser: Browser): Promise<void> {
    for (const mail of await this.ask<Mail[]>('mails', { to: browser.mailbox }))
      this.take(mail, number, browser)
  }

  private take(mail: Mail, number: number, browser: Browser): void {
    browser.receive(mail)
    const [, token] = /[?&](?:vuid|token)=(\w[\w-]{19,})/.exec(mail.link ?? '') ?? []
    if (token !== undefined) this.secrets.set(token, number)
    if (mail.code !== undefined) this.secrets.set(mail.code, number)
  }

  private async judgeLogs(): Promise<void> {
    const lines = await this.ask<string[]>('logs')
    const text = lines.join('\n')
    for (const [secret, number] of this.secrets) {
      const at = text.indexOf(secret)
      if (at !== -1) this.fail(`no secret is logged: ${text.slice(Math.max(0, at - 300), at + 200)}`, number)
    }
    this.secrets = new Map()
  }

  /** Each row is one that an answer has told of. */
  private judgeRows(before: Rows, after: Rows): void {
    const happened = (name: string): number => this.events.get(name) ?? 0
    const gone = happened('merged') + happened('deleted') + happened('guests-expired')
    const expected: Rows = {
      users: before.users + happened('created') - gone,
      guests: before.guests + happened('created') - gone - happened('converted'),
      passes: before.passes + this.invited + happened('issued') - happened('passes-expired'),
      todos: after.todos,
    }
    for (const name of ['users', 'guests', 'passes'] as const) {
      const more = after[name] - expected[name]
      // A request that was cut may have been carried out without an answer.
      if (Math.abs(more) > this.unanswered)
        this.fail(`${String(after[name])} rows of ${name}, and not ${String(expected[name])}`, undefined)
    }
    if (happened('created') !== this.guests.size)
      this.fail(
        `${String(happened('created'))} guests, of whom answers name ${String(this.guests.size)}`,
        undefined,
      )
  }

  private async ask<T>(name: string, parameters: Record<string, string> = {}): Promise<T> {
    const response = await fetch(
      `http://127.0.0.1:${String(this.ports.control)}/${name}?${new URLSearchParams(parameters).toString()}`,
    )
    if (!response.ok) throw new Error(await response.text())
    return (await response.json()) as T
  }

  /**
   * @param only the case in which it was seen, if one is known
   * @param kind of which one is enough
   */
  fail(what: string, only: number | undefined, kind = what): void {
    if (this.kinds.has(kind)) return
    this.kinds.add(kind)
    const fault = { what, only }
    this.faults.push(fault)
    this.options.onFault?.(fault)
  }

  private count<Key>(counts: Map<Key, number>, key: Key, by = 1): void {
    counts.set(key, (counts.get(key) ?? 0) + by)
  }
}

function describe({ method, wrong, ...shot }: Shot, bytes: Buffer): string {
  const head = bytes
    .toString('latin1')
    .slice(0, 9000)
    .replaceAll(/\r|X-Many.*\n/g, '')
    .slice(0, 2000)
  return `  of ${method} ${targetOf(shot).slice(0, 200)} (${wrong.join(' · ') || 'nothing wrong'})\n${head.replaceAll(/^/gm, '    ')}`
}
