import type { Client } from 'pg'
import type { Invitation, Ledger, Life } from './ledger.js'

/** The owner of a to-do at the end. */
interface Place {
  readonly username: string
  readonly isGuest: boolean
}

/** The acknowledged changes, compared with the data in the database. */
export interface Accounts {
  readonly todos: {
    acknowledged: number
    kept: number
    expired: number
    uncertain: number
    uncertainDone: number
  }
  readonly conversions: Outcomes
  readonly merges: Outcomes
  readonly limited: Redeemed
  readonly plain: Redeemed
  readonly bursts: { count: number; requests: number }
}

interface Outcomes {
  acknowledged: number
  uncertain: number
  /** The uncertain ones that were executed. */
  uncertainDone: number
}

interface Redeemed {
  passes: number
  tries: number
  admitted: number
  /** The uses that the database counted. */
  uses: number
}

export async function compareAccounts(ledger: Ledger, database: Client): Promise<Accounts> {
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
  for (const life of ledger.lives) checkLife(ledger, life, places, users, accounts)
  for (const { username, known } of ledger.accounts) {
    if (known === 'acknowledged') ledger.expect(users.has(username), `the account ${username} is gone`)
  }
  const uses = await readUses(database)
  for (const invitation of ledger.invitations) {
    checkInvitation(ledger, invitation, uses.get(invitation.id), accounts)
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

function checkLife(
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
    const allowed = [name, end?.into.username, undefined]
    // An unacknowledged to-do can be on the list of a guest whose creation was not acknowledged either.
    const isAllowed = allowed.includes(place?.username) || (known === 'uncertain' && place?.isGuest === true)
    ledger.expect(
      isAllowed,
      `${title} is on the list of ${String(place?.username)}, not of ${allowed.join()}`,
    )
  }
  ledger.expect(
    owners.size <= 1,
    `the list ${[...titles.keys()].join()} is split between ${[...owners].join()}`,
  )
  const [owner] = owners
  const isMoved = end !== undefined && owner === end.into.username
  if (end !== undefined) {
    const outcomes = end.how === 'converted' ? conversions : merges
    const isDone = end.how === 'converted' ? users.has(end.into.username) : isMoved
    if (end.known === 'acknowledged') outcomes.acknowledged += 1
    else {
      outcomes.uncertain += 1
      if (isDone) outcomes.uncertainDone += 1
    }
    if (end.known === 'acknowledged' && owners.size > 0) {
      ledger.expect(
        isMoved,
        `what ${end.into.username} got from guest ${String(name)} is with ${String(owner)}`,
      )
    }
  }
  if (owners.size === 1 && owner === undefined) {
    todos.expired += [...titles.values()].filter((known) => known === 'acknowledged').length
    // The expiry is unknown without a response of `/api/me`.
    const until = Number.isFinite(keptUntil) ? keptUntil : 0
    ledger.expect(Date.now() > until, `the list of guest ${String(name)} was deleted before it expired`)
  }
}

function checkInvitation(
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
    // There can be more uses than tries: nginx repeats a GET at the next process if one dies, which may have counted
    // it.
    ledger.expect(uses >= admitted, `the pass ${id} admitted ${admitted}, and counted ${uses}`)
    return
  }
  ledger.expect(
    admitted <= maxUses && uses <= maxUses,
    `the pass ${id} admitted ${admitted}, counted ${uses}, of ${maxUses}`,
  )
  ledger.expect(uses >= admitted, `the pass ${id} admitted ${admitted}, and counted ${uses}`)
  if (tries > 0 && unheard === 0)
    ledger.expect(admitted > 0, `the pass ${id} admitted no browser in ${tries} tries`)
}

async function readPlaces(database: Client): Promise<Map<string, Place>> {
  const { rows } = await database.query<Place & { title: string }>(
    `SELECT t.title, u.username, g."userId" IS NOT NULL AS "isGuest" FROM "Todos" t
     JOIN "Users" u ON u.id = t."userId" LEFT JOIN "Guests" g ON g."userId" = u.id
     WHERE t.title LIKE 'todo-%'`,
  )
  const places = new Map(rows.map(({ title, ...place }) => [title, place]))
  if (places.size !== rows.length) throw new Error('A to-do is on two lists')
  return places
}

/** The usernames of regular users. */
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
