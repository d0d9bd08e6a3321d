import type { Client } from 'pg'
import type { Invitation, Ledger, Life } from './ledger.js'

/** Where every line is at the end. */
interface Place {
  readonly username: string
  readonly isGuest: boolean
}

/** What people were told against what is there. Adds to the ledger's violations. */
export interface Accounts {
  readonly todos: {
    acknowledged: number
    kept: number
    expired: number
    uncertain: number
    uncertainDone: number
  }
  readonly conversions: Told
  readonly merges: Told
  readonly limited: Redeemed
  readonly plain: Redeemed
  readonly bursts: { count: number; requests: number }
}

interface Told {
  acknowledged: number
  uncertain: number
  /** Of the uncertain ones, those that happened. */
  uncertainDone: number
}

interface Redeemed {
  passes: number
  tries: number
  admitted: number
  /** What the database counted. */
  uses: number
}

export async function settle(ledger: Ledger, database: Client): Promise<Accounts> {
  const places = await readPlaces(database)
  const accounts: Accounts = {
    todos: { acknowledged: 0, kept: 0, expired: 0, uncertain: 0, uncertainDone: 0 },
    conversions: { acknowledged: 0, uncertain: 0, uncertainDone: 0 },
    merges: { acknowledged: 0, uncertain: 0, uncertainDone: 0 },
    limited: { passes: 0, tries: 0, admitted: 0, uses: 0 },
    plain: { passes: 0, tries: 0, admitted: 0, uses: 0 },
    bursts: { count: ledger.bursts.length, requests: ledger.bursts.flat().length },
  }
  const users = new Set(
    [...places.values()].filter(({ isGuest }) => !isGuest).map(({ username }) => username),
  )
  for (const username of await readUsers(database)) users.add(username)
  for (const life of ledger.lives) settleLife(ledger, life, places, users, accounts)
  for (const { username, known } of ledger.accounts) {
    if (known === 'acknowledged') ledger.expect(users.has(username), `the account ${username} is gone`)
  }
  const uses = await readUses(database)
  for (const invitation of ledger.invitations) {
    settleInvitation(ledger, invitation, uses.get(invitation.id), accounts)
  }
  for (const titles of ledger.bursts) {
    const names = new Set(titles.map((title) => places.get(title)?.username))
    ledger.expect(
      names.size <= 1,
      `one cookie made several guests: ${titles.join()} are on ${names.size} lists`,
    )
  }
  return accounts
}

function settleLife(
  ledger: Ledger,
  { titles, name, keptUntil, end }: Life,
  places: ReadonlyMap<string, Place>,
  users: ReadonlySet<string>,
  { todos, conversions, merges }: Accounts,
): void {
  const owners = new Set<string | undefined>()
  for (const [title, known] of titles) {
    const place = places.get(title)
    if (known === 'acknowledged') {
      todos.acknowledged += 1
      owners.add(place?.username)
      if (place !== undefined) todos.kept += 1
    } else {
      todos.uncertain += 1
      if (place !== undefined) todos.uncertainDone += 1
    }
    const rightful = [name, end?.into.username, undefined]
    // What nobody acknowledged can be on the list of a guest of whom nobody was told either.
    const isRightful =
      rightful.includes(place?.username) || (known === 'uncertain' && place?.isGuest === true)
    ledger.expect(
      isRightful,
      `${title} is on the list of ${String(place?.username)}, not of ${rightful.join()}`,
    )
  }
  ledger.expect(
    owners.size <= 1,
    `the list ${[...titles.keys()].join()} was torn apart: ${[...owners].join()}`,
  )
  const [owner] = owners
  const lasting = end !== undefined && owner === end.into.username
  if (end !== undefined) {
    const told = end.how === 'converted' ? conversions : merges
    const isDone = end.how === 'converted' ? users.has(end.into.username) : lasting
    if (end.known === 'acknowledged') told.acknowledged += 1
    else {
      told.uncertain += 1
      if (isDone) told.uncertainDone += 1
    }
    if (end.known === 'acknowledged' && owners.size > 0) {
      ledger.expect(
        lasting,
        `what ${end.into.username} got from guest ${String(name)} is with ${String(owner)}`,
      )
    }
  }
  if (owners.size === 1 && owner === undefined) {
    todos.expired += [...titles.values()].filter((known) => known === 'acknowledged').length
    // A guest of whom nothing more is known was not told until when; nobody is kept for less than that.
    const until = Number.isFinite(keptUntil) ? keptUntil : 0
    ledger.expect(Date.now() > until, `the list of guest ${String(name)} is gone before its time`)
  }
}

function settleInvitation(
  ledger: Ledger,
  { id, maxUses, admitted, tries, unheard }: Invitation,
  uses: number | undefined,
  { limited, plain }: Accounts,
): void {
  const kind = maxUses === null ? plain : limited
  kind.passes += 1
  kind.tries += tries
  kind.admitted += admitted
  kind.uses += uses ?? 0
  if (uses === undefined) {
    ledger.violations.push(`the pass ${id} is gone`)
    return
  }
  if (maxUses === null) {
    // More than was tried can be: nginx sends a GET to the next process if one dies over it, and that one may have counted it.
    ledger.expect(uses >= admitted, `the pass ${id} let ${admitted} in, and counted ${uses}`)
    return
  }
  ledger.expect(
    admitted <= maxUses && uses <= maxUses,
    `the pass ${id} let ${admitted} in, counted ${uses}, of ${maxUses}`,
  )
  ledger.expect(uses >= admitted, `the pass ${id} let ${admitted} in, and counted ${uses}`)
  if (tries > 0 && unheard === 0)
    ledger.expect(admitted > 0, `the pass ${id} let nobody in, of ${tries} tries`)
}

async function readPlaces(database: Client): Promise<Map<string, Place>> {
  const { rows } = await database.query<Place & { title: string }>(
    `SELECT t.title, u.username, g."userId" IS NOT NULL AS "isGuest" FROM "Todos" t
     JOIN "Users" u ON u.id = t."userId" LEFT JOIN "Guests" g ON g."userId" = u.id
     WHERE t.title LIKE 'todo-%'`,
  )
  const places = new Map(rows.map(({ title, ...place }) => [title, place]))
  if (places.size !== rows.length) throw new Error('A line is on two lists')
  return places
}

/** The regular ones. */
async function readUsers(database: Client): Promise<string[]> {
  const { rows } = await database.query<{ username: string }>(
    `SELECT username FROM "Users" u WHERE NOT EXISTS (SELECT FROM "Guests" g WHERE g."userId" = u.id)`,
  )
  return rows.map(({ username }) => username)
}

async function readUses(database: Client): Promise<Map<number, number>> {
  const { rows } = await database.query<{ id: number; uses: number }>('SELECT id, uses FROM "Visitors"')
  return new Map(rows.map(({ id, uses }) => [id, uses]))
}
