import type { Models } from './models.js'
import { bodyOf, type Answer } from '../support/browser.js'
import type { Who } from '../support/application.js'
import { guestSettings } from '../../src/guest/guest.js'
import type { Cast } from './cast.js'
import type { Claim, OperationName } from './operations.js'

/** What became of the guest of a round, as the database has it. */
type Fate = 'guest' | 'regular' | 'gone'

/** A round that is over. */
export interface Played {
  readonly cast: Cast
  readonly names: readonly [OperationName, OperationName]
  readonly claims: readonly [Claim, Claim]
  /** Of the third request, which writes a to-do. */
  readonly todo: { readonly title: string; readonly answer: Answer }
}

const CONVERSIONS: readonly OperationName[] = ['convert', 'confirm', 'code']
const DELETIONS: readonly OperationName[] = ['delete', 'clean-up']
/** They neither end a guest nor a session of a guest. */
const HARMLESS: readonly OperationName[] = ['first request', 'redeem', 'limited redeem', 'deactivate']
const REDEEMINGS: readonly OperationName[] = ['redeem', 'limited redeem']

/** Compares what the answers of each round promise with the database and with the browser's next page. */
export class Ledger {
  rounds = 0
  /** How the guests of all rounds have ended. */
  private readonly ended = { converted: 0, merged: 0, expired: 0, deleted: 0 }
  private readonly guests = new Set<number>()
  private readonly regular = new Set<number>()

  constructor(private readonly models: Models) {}

  /** @returns what is wrong; each is a sentence */
  async judge(played: Played): Promise<string[]> {
    this.rounds += 1
    const { cast, claims } = played
    const { guest, accounts } = cast
    const wrong = new Round(played)
    for (const { id } of accounts) this.regular.add(id)
    const made = claims.map(({ user }) => user).filter((id) => id !== undefined)
    for (const id of made) if (id !== guest?.id && !this.regular.has(id)) this.guests.add(id)
    const fate = guest === undefined ? undefined : await this.fateOf(guest.id)
    if (guest !== undefined) {
      wrong.judgeFate(fate)
      this.count(guest.id, fate, wrong)
      await this.judgeTodos(fate, played, wrong)
    }
    // The first to read a page with the browser's cookies.
    let next = bodyOf(await cast.tabs[0].get('/who')) as unknown as Who
    // Of a guest and a visit that began in the same instant, the visit may have the session: the guest is joined again.
    if (wrong.isTornBetweenGuestAndVisit && made.length > 0 && next.user === null)
      next = bodyOf(await cast.tabs[0].postJson('/guest', {})) as unknown as Who
    const who = bodyOf(await cast.tabs[1].get('/visit')) as unknown as Partial<Who>
    wrong.judgeNextPage(next, fate, who)
    if (cast.passes !== undefined) await this.judgePasses(cast.passes, wrong)
    const old = bodyOf(await cast.before.get('/who')) as unknown as Who
    wrong.judgeOldCookie(old)
    wrong.judgeTraffic()
    return wrong.violations
  }

  /** Compares the whole database with all rounds. */
  async audit(): Promise<string[]> {
    const { User, Guest } = this.models
    const violations: string[] = []
    const { Outcome } = Guest[guestSettings]
    for (const [outcome, expected] of Object.entries(this.ended)) {
      const sum: unknown = await Outcome.sum('guests', { where: { outcome } })
      const counted = Number(sum)
      if (counted !== expected)
        violations.push(`${String(counted)} guests were counted as ${outcome}, not ${String(expected)}`)
    }
    const guests = new Set((await Guest.findAll()).map(({ userId }) => Number(userId)))
    const users = (await User.findAll({ attributes: ['id'] })).map(({ id }) => id)
    for (const id of users) {
      const expected = this.regular.has(id) ? 'regular' : this.guests.has(id) ? 'guest' : 'gone'
      const found = guests.has(id) ? 'guest' : 'regular'
      if (found !== expected)
        violations.push(`user ${String(id)} is ${found}, and no answer has told of that`)
    }
    for (const id of [...this.regular, ...this.guests])
      if (!users.includes(id)) violations.push(`user ${String(id)} is lost`)
    return violations
  }

  private async fateOf(id: number): Promise<Fate> {
    const { User, Guest } = this.models
    const user = await User.findByPk(id)
    if (user === null) return 'gone'
    return (await Guest.findByPk(id)) === null ? 'regular' : 'guest'
  }

  private count(id: number, fate: Fate | undefined, { hasDone }: Round): void {
    if (fate === 'guest') this.guests.add(id)
    else this.guests.delete(id)
    if (fate === 'regular') {
      this.regular.add(id)
      this.ended.converted += 1
    } else if (fate === 'gone')
      this.ended[hasDone('delete') ? 'deleted' : hasDone('clean-up') ? 'expired' : 'merged'] += 1
  }

  /** Every acknowledged to-do is where its owner's went, once, and none was invented. */
  private async judgeTodos(fate: Fate | undefined, { cast, todo }: Played, round: Round): Promise<void> {
    const { guest, accounts } = cast
    if (guest === undefined) return
    const { Todo, User } = this.models
    const written = todo.answer.status === 200 ? Number(bodyOf(todo.answer)['userId']) : undefined
    const ofGuest = [guest.title, ...(written === guest.id ? [todo.title] : [])]
    const rows = await Todo.findAll({ where: { title: [guest.title, todo.title] } })
    const ownersOf = (title: string): number[] =>
      rows.filter((row) => row.title === title).map(({ userId }) => userId)
    if (written !== undefined && written !== guest.id)
      round.expect(
        String(ownersOf(todo.title)) === String(written),
        `the to-do of user ${String(written)} is lost`,
      )
    const isMerged = fate === 'gone' && round.has('merge') && !round.hasDeleted
    const owners = ofGuest.map((title) => ownersOf(title).join())
    const allowed = isMerged
      ? accounts.map(({ id }) => String(id))
      : fate === 'gone'
        ? ['']
        : [String(guest.id)]
    round.expect(
      allowed.some((owner) => owners.every((each) => each === owner)),
      `the guest's to-dos belong to ${JSON.stringify(owners)}, not all to one of ${JSON.stringify(allowed)}`,
    )
    if (fate !== 'regular') return
    const { username } = await User.findByPk(guest.id, { rejectOnEmpty: true })
    round.expect(
      round.usernames.includes(username),
      `the account has the name ${username}, which no answer promised`,
    )
  }

  private async judgePasses(passes: NonNullable<Cast['passes']>, round: Round): Promise<void> {
    const { Visitor } = this.models
    for (const [operation, { id }] of [
      ['redeem', passes.plain],
      ['limited redeem', passes.limited],
    ] as const) {
      const pass = await Visitor.findByPk(id)
      if (round.has('delete')) {
        round.expect(pass === null, `the pass ${String(id)} is still there`)
        continue
      }
      if (pass === null) {
        round.violations.push(`the pass ${String(id)} is gone`)
        continue
      }
      const { uses, maxUses, isActive } = pass
      const tries = round.times(operation)
      const admitted = round.admittedBy(id)
      round.expect(uses <= (maxUses ?? tries), `the pass ${String(id)} counts ${String(uses)} uses`)
      round.expect(
        uses > 0 === admitted > 0,
        `${String(admitted)} were admitted by ${operation}, and ${String(uses)} uses counted`,
      )
      round.expect(
        isActive !== round.has('deactivate'),
        `the pass ${String(id)} is ${isActive ? 'active' : 'not active'}`,
      )
    }
  }
}

/** What is expected of one round. */
class Round {
  readonly violations: string[] = []

  constructor(private readonly played: Played) {}

  readonly has = (name: OperationName): boolean => this.played.names.includes(name)

  readonly hasDone = (name: OperationName): boolean => this.done([name]).length > 0

  expect(holds: boolean, otherwise: string): void {
    if (!holds) this.violations.push(otherwise)
  }

  times(name: OperationName): number {
    return this.played.names.filter((each) => each === name).length
  }

  admittedBy(pass: number): number {
    return this.played.claims.filter((claim) => claim.isDone && claim.pass === pass).length
  }

  /** The usernames that were promised to the guest. */
  get usernames(): string[] {
    return this.done(CONVERSIONS).map(({ username }) => String(username))
  }

  get hasDeleted(): boolean {
    return this.done(DELETIONS).length > 0
  }

  /** The claims of those of these operations that were done. */
  private done(names: readonly OperationName[]): Claim[] {
    return this.played.claims.filter(({ isDone }, turn) => isDone && names.includes(this.name(turn)))
  }

  private name(turn: number): OperationName {
    return this.played.names[turn === 0 ? 0 : 1]
  }

  /** Decision 63: one of the two answers has the session. */
  get isTornBetweenGuestAndVisit(): boolean {
    const { names, cast } = this.played
    return (
      cast.guest === undefined && this.has('first request') && names.some((name) => REDEEMINGS.includes(name))
    )
  }

  judgeTraffic(): void {
    for (const { method, path, answer } of this.played.cast.traffic.exchanges)
      this.expect(
        answer.status > 0 && answer.status < 500,
        `${method} ${path}: ${String(answer.status)} ${answer.text}`,
      )
  }

  /** Of all that end a guest, one does, and its answer tells so. */
  judgeFate(fate: Fate | undefined): void {
    const conversions = this.done(CONVERSIONS).length
    const deletions = this.done(DELETIONS).length
    const merges = this.done(['merge']).length
    this.expect(deletions <= 1, 'the guest was deleted twice')
    if (fate === 'regular')
      this.expect(conversions > 0 && deletions === 0, 'the guest was converted, and no answer tells so')
    if (fate === 'gone')
      this.expect(conversions === 0 && deletions + merges > 0, 'the guest is gone, and no answer tells so')
    if (fate === 'guest')
      this.expect(conversions + deletions === 0, 'the guest is still one, although an answer denies it')
    this.played.claims.forEach((claim, turn) => {
      this.judgeRefusal(claim, this.name(turn), this.name(1 - turn))
    })
  }

  /** An operation is refused only if the other one has taken what it needs. */
  private judgeRefusal({ isDone, answer }: Claim, name: OperationName, other: OperationName): void {
    if (isDone) return
    if (name === 'clean-up') return // it passes over a guest whose row is locked, by the to-do for example, or who has an open link
    const needsNothing = name === 'merge' || name === 'logout' || name === 'deactivate'
    const isUnhindered = HARMLESS.includes(other) && !REDEEMINGS.includes(name)
    this.expect(
      !needsNothing && !isUnhindered,
      `${name} was refused: ${String(answer.status)} ${String(answer.location)} ${answer.text}`,
    )
  }

  /** What was promised to the browser is what it has. */
  judgeNextPage({ user, isGuest, visitor }: Who, fate: Fate | undefined, onVisit: Partial<Who>): void {
    const { cast, claims } = this.played
    const { guest, passes } = cast
    const promised = new Set<number | undefined>(
      this.done(['merge', 'first request']).map((claim) => claim.user),
    )
    const isConverted = this.done(CONVERSIONS).some(({ answer }) => answer.status === 303)
    if (guest !== undefined) {
      promised.delete(guest.id)
      if (fate === 'guest' && !this.has('logout') && !this.has('merge')) promised.add(guest.id)
      if (fate === 'regular' && isConverted) promised.add(guest.id)
    }
    if (this.has('logout') || promised.size === 0) promised.add(undefined)
    this.expect(
      promised.has(user?.id),
      `the browser has user ${String(user?.id)} on its next page, not ${[...promised].map(String).join(' or ')}`,
    )
    if (user !== null && user.id === guest?.id)
      this.expect(isGuest === (fate === 'guest'), 'the user is in the wrong state')
    if (passes === undefined) return
    const isClosed = this.has('deactivate') || this.has('delete')
    const admitted = new Set<number | undefined>(
      claims.filter(({ isDone }) => isDone).map(({ pass }) => pass),
    )
    admitted.delete(undefined)
    // A visit ends with the login inside which it began.
    const endsLogin = ['merge', 'logout', ...DELETIONS].some((name) => this.has(name as OperationName))
    if (isClosed || endsLogin || this.isTornBetweenGuestAndVisit || admitted.size === 0)
      admitted.add(undefined)
    if (isClosed) this.expect(visitor === null, 'a closed pass still admits')
    this.expect(
      admitted.has(visitor?.id),
      `the browser has visitor ${String(visitor?.id)} on its next page, not ${[...admitted].map(String).join(' or ')}`,
    )
    this.expect(onVisit.visitor?.id === visitor?.id, 'two pages of one browser show two visitors')
  }

  /** The session that an operation has ended opens nothing. */
  judgeOldCookie({ user }: Who): void {
    if (this.done([...CONVERSIONS, ...DELETIONS, 'merge', 'logout']).length === 0) return
    this.expect(user === null, `the old cookie opens user ${String(user?.id)}`)
  }
}
