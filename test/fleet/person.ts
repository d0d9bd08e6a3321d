import { randomInt } from 'node:crypto'
import { setTimeout as sleep } from 'node:timers/promises'
import { bodyOf, Browser, isAcknowledged, isUncertain } from '../support/browser.js'
import { certainly } from './certainly.js'
import { follow } from './follow.js'
import type { Account, Invitation, Ledger, Life } from './ledger.js'
import type { Traffic } from '../support/traffic.js'

const PASSWORD = 'a list of lists of lists'
/** No action is started so close to the guest's expiry. */
const MARGIN_MS = 2000

/** The context of a simulated user. */
export interface World {
  readonly origin: string
  readonly traffic: Traffic
  readonly ledger: Ledger
  /** Whether new actions may be started. */
  readonly isRunning: () => boolean
}

/** The response of `/api/me`. */
interface Me {
  readonly kind: 'anonymous' | 'guest' | 'regular'
  readonly name?: string
  readonly keptUntil?: string
}

/** A simulated user: makes a change, checks whether it was made, and repeats it if that is uncertain. */
export class Person {
  private readonly accounts: Account[] = []

  constructor(private readonly world: World) {}

  async live(): Promise<void> {
    const { isRunning } = this.world
    while (isRunning()) {
      const life = await this.beGuest()
      if (life === undefined) continue
      const [account] = this.accounts
      if (account === undefined || randomInt(3) === 0) await this.convert(life)
      else if (randomInt(4) > 0) await this.merge(life, account)
      // otherwise the guest never returns
      if (account !== undefined && isRunning()) await this.invite(account)
    }
  }

  /**
   * Becomes a guest by writing a few to-dos. Every third time it sends several in parallel from one browser with a
   * session.
   */
  private async beGuest(): Promise<{ life: Life; browser: Browser } | undefined> {
    const { ledger, origin, traffic } = this.world
    const life: Life = {
      titles: new Map(),
      name: undefined,
      keptUntil: Infinity,
      asGuest: undefined,
      end: undefined,
    }
    const browser = await this.firstLines(life, new Browser(origin, traffic))
    if (browser === undefined) return undefined
    ledger.lives.push(life)
    const me = await certainly(() => browser.get('/api/me'))
    if (me === undefined) return undefined
    const { kind, name, keptUntil } = bodyOf(me) as unknown as Me
    ledger.expect(kind === 'guest', `the author of ${[...life.titles.keys()].join()} is ${kind}, not a guest`)
    if (kind !== 'guest' || name === undefined) return undefined
    life.name = name
    life.keptUntil = new Date(keptUntil ?? 0).getTime()
    life.asGuest = browser.copy()
    for (let left = randomInt(1, 4); left > 0; left--) await this.write(browser, life)
    await this.look(browser, life)
    return { life, browser }
  }

  private async firstLines(life: Life, browser: Browser): Promise<Browser | undefined> {
    const { ledger, isRunning } = this.world
    const invitation = ledger.invitations.find(({ maxUses }) => maxUses === null)
    if (invitation !== undefined && randomInt(3) === 0 && (await follow(ledger, invitation, browser))) {
      const tabs = Array.from({ length: 3 }, () => browser.copy())
      const written = await Promise.all(tabs.map((tab) => this.write(tab, life)))
      const titles = written.filter((title) => title !== undefined)
      ledger.bursts.push(titles)
      const first = tabs[written.findIndex((title) => title !== undefined)]
      if (first !== undefined) return first
    }
    while (isRunning()) {
      if ((await this.write(browser, life)) !== undefined) return browser
    }
    return undefined
  }

  /** @returns the title, if it was acknowledged */
  private async write(browser: Browser, life: Life): Promise<string | undefined> {
    if (Date.now() > life.keptUntil - MARGIN_MS) return undefined
    await pause()
    const title = this.world.ledger.fresh('todo')
    const answer = await browser.postJson('/api/todos', { title })
    const isLate = answer.at > life.keptUntil - MARGIN_MS / 4
    if (isAcknowledged(answer) && !isLate) {
      life.titles.set(title, 'acknowledged')
      this.world.ledger.expect(
        answer.status === 201 && bodyOf(answer)['title'] === title,
        `${title} was answered by ${answer.text}`,
      )
      return title
    }
    life.titles.set(title, 'uncertain')
    this.world.ledger.expect(
      isUncertain(answer) || isLate,
      `${title} was refused: ${answer.status} ${answer.text}`,
    )
    if (isUncertain(answer)) await sleep(300)
    return undefined
  }

  /** Checks that every acknowledged to-do is on the list, and none of another user. */
  private async look(browser: Browser, ...lives: readonly Life[]): Promise<void> {
    const { ledger } = this.world
    const until = Math.min(...lives.map(({ keptUntil, end }) => (end === undefined ? keptUntil : Infinity)))
    const answer = await certainly(() => browser.get('/api/todos'))
    if (answer === undefined || answer.at > until - MARGIN_MS / 4) return
    const seen = (bodyOf(answer)['todos'] as { title: string }[] | undefined)?.map(({ title }) => title) ?? []
    const known = new Map(lives.flatMap(({ titles }) => [...titles]))
    for (const { titles, end } of lives) {
      if (end?.known === 'uncertain') {
        if ([...titles].some(([title, of]) => of === 'acknowledged' && seen.includes(title)))
          end.known = 'acknowledged'
        else continue
      }
      for (const [title, of] of titles) {
        if (of === 'acknowledged') ledger.expect(seen.includes(title), `${title} is missing from its list`)
      }
    }
    for (const title of seen) ledger.expect(known.has(title), `${title} is on another user's list`)
    ledger.expect(new Set(seen).size === seen.length, `a list has a duplicate: ${seen.join()}`)
  }

  private async convert({ life, browser }: { life: Life; browser: Browser }): Promise<void> {
    const { ledger } = this.world
    if (Date.now() > life.keptUntil - MARGIN_MS) return
    const username = ledger.fresh('account')
    const account: Account = { username, known: 'uncertain', lives: [life] }
    ledger.accounts.push(account)
    life.end = { how: 'converted', into: account, known: 'uncertain' }
    const fields = { username, password: PASSWORD, passwordAgain: PASSWORD }
    const answer = await browser.postForm('/convert?next=/', fields)
    const isDone = answer.status === 303 && answer.location === '/'
    // After an uncertain response, a login shows whether the account exists.
    const inside = isDone ? browser : await this.logIn(username)
    if (inside === undefined) {
      const isLate = answer.at > life.keptUntil - MARGIN_MS / 4
      ledger.expect(
        isUncertain(answer) || isLate,
        `${username} was refused: ${answer.status} ${String(answer.location)}`,
      )
      return
    }
    account.known = life.end.known = 'acknowledged'
    this.accounts.push(account)
    await this.checkAccount(inside, account, life)
  }

  private async merge({ life, browser }: { life: Life; browser: Browser }, account: Account): Promise<void> {
    if (Date.now() > life.keptUntil - MARGIN_MS) return
    life.end = { how: 'merged', into: account, known: 'uncertain' }
    account.lives.push(life)
    const answer = await browser.postJson('/api/login', { username: account.username, password: PASSWORD })
    const isLate = answer.at > life.keptUntil - MARGIN_MS / 4
    const isDone = isAcknowledged(answer) && !isLate
    this.world.ledger.expect(
      isDone || isUncertain(answer) || isLate,
      `${account.username} could not log in: ${answer.status} ${answer.text}`,
    )
    if (isDone) life.end.known = 'acknowledged'
    const inside = isDone ? browser : await this.logIn(account.username)
    if (inside !== undefined) await this.checkAccount(inside, account, life)
  }

  /** Checks that all to-dos are in the account, and that the guest's old cookie opens nothing. */
  private async checkAccount(inside: Browser, account: Account, life: Life): Promise<void> {
    const { ledger } = this.world
    const me = await certainly(() => inside.get('/api/me'))
    if (me === undefined) return
    const { kind, name } = bodyOf(me) as unknown as Me
    ledger.expect(
      kind === 'regular' && name === account.username,
      `${account.username} is ${kind} ${String(name)} in their own session`,
    )
    await this.look(inside, ...account.lives)
    if (life.end?.known === 'acknowledged') await this.opensNothing(life)
  }

  /** Checks that the guest's session restores neither the guest nor the account. */
  private async opensNothing({ asGuest, name }: Life): Promise<void> {
    const answer = await certainly(async () => await asGuest?.copy().get('/api/me'))
    if (answer === undefined) return
    const { kind } = bodyOf(answer) as unknown as Me
    this.world.ledger.expect(kind === 'anonymous', `the old cookie of guest ${String(name)} opens a ${kind}`)
  }

  /** @returns `undefined` if there is no such account, or no response */
  private async logIn(username: string): Promise<Browser | undefined> {
    const browser = new Browser(this.world.origin, this.world.traffic)
    const answer = await certainly(() => browser.postJson('/api/login', { username, password: PASSWORD }))
    return answer?.status === 200 ? browser : undefined
  }

  /** Invites one visitor, or lets three browsers follow a link for one, and counts the admitted ones. */
  private async invite(account: Account): Promise<void> {
    const { ledger, origin, traffic } = this.world
    const host = await this.logIn(account.username)
    if (host === undefined) return
    const maxUses = randomInt(2) === 0 ? 1 : null
    const answer = await host.postJson('/api/invitations', { email: 'guest@example.com', maxUses })
    ledger.expect(
      answer.status === 201 || isUncertain(answer),
      `no invitation: ${answer.status} ${answer.text}`,
    )
    if (answer.status !== 201) return
    const { id, url } = bodyOf(answer) as { id: number; url: string }
    const invitation: Invitation = {
      id,
      url,
      owner: account.username,
      maxUses,
      admitted: 0,
      tries: 0,
      unheard: 0,
    }
    ledger.invitations.push(invitation)
    const browsers = Array.from({ length: maxUses === null ? 1 : 3 }, () => new Browser(origin, traffic))
    await Promise.all(browsers.map((browser) => follow(ledger, invitation, browser)))
  }
}

/** Waits for about as long as a person between two actions. */
async function pause(): Promise<void> {
  await sleep(randomInt(20, 150))
}
