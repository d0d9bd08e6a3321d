import { randomUUID } from 'node:crypto'
import pg from 'pg'
import { handwrittenContender, type Pass, type Person } from './handwritten.js'
import type { Contender } from './application.js'
import { POOL_SIZE } from './settings.js'

const PERSON_COLUMNS = [
  ...['id', 'username', 'email', 'password', 'createdAt', 'updatedAt'].map(
    (name) => `u."${name}" AS "${name}"`,
  ),
  ...['userId', 'createdAt', 'lastSeenAt', 'sessionHash'].map((name) => `g."${name}" AS "guest.${name}"`),
].join(', ')

const PASS_COLUMNS = [
  ...[
    'id',
    'uuid',
    'firstName',
    'lastName',
    'email',
    'scope',
    'context',
    'createdAt',
    'updatedAt',
    'expiresAt',
  ],
  ...['isActive', 'sessionExpiry', 'maxUses', 'uses', 'lastUsedAt', 'selfService'],
]
  .map((name) => `"${name}"`)
  .join(', ')

const CREATE_GUEST = {
  name: 'create-guest',
  text:
    'WITH u AS (INSERT INTO "Users" ("username", "createdAt", "updatedAt") VALUES ($1, $2, $2) RETURNING *),' +
    ' g AS (INSERT INTO "Guests" ("userId", "createdAt", "lastSeenAt", "sessionHash")' +
    ` SELECT u."id", $2, $2, $3 FROM u RETURNING *) SELECT ${PERSON_COLUMNS} FROM u, g`,
}
const FIND_PERSON = {
  name: 'find-person',
  text: `SELECT ${PERSON_COLUMNS} FROM "Users" AS u LEFT JOIN "Guests" AS g ON g."userId" = u."id" WHERE u."id" = $1`,
}
const FIND_PASS = { name: 'find-pass', text: `SELECT ${PASS_COLUMNS} FROM "Visitors" WHERE "id" = $1` }
const REDEEM_PASS = {
  name: 'redeem-pass',
  text:
    'UPDATE "Visitors" SET "uses" = "uses" + 1, "lastUsedAt" = $2 WHERE "uuid" = $1 AND "isActive"' +
    ' AND "expiresAt" > $2 AND ("maxUses" IS NULL OR "uses" < "maxUses")' +
    ` RETURNING ${PASS_COLUMNS}`,
}

/** The floor: the package's statements, prepared, through node-postgres and its own pool. */
export function floorContender(databaseUrl: string): Contender {
  const pool = new pg.Pool({ connectionString: databaseUrl, max: POOL_SIZE })
  return handwrittenContender({
    async createGuest() {
      const values = [randomUUID().replaceAll('-', ''), new Date(), null]
      const [row] = (await pool.query<PersonRow>({ ...CREATE_GUEST, values })).rows
      if (row === undefined) throw new Error('The floor created no guest')
      return personOf(row)
    },
    async findPerson(id) {
      const [row] = (await pool.query<PersonRow>({ ...FIND_PERSON, values: [id] })).rows
      return row === undefined ? undefined : personOf(row)
    },
    async findPass(id) {
      return (await pool.query<Pass>({ ...FIND_PASS, values: [id] })).rows[0]
    },
    async redeemPass(uuid) {
      return (await pool.query<Pass>({ ...REDEEM_PASS, values: [uuid, new Date()] })).rows[0]
    },
  })
}

interface PersonRow {
  readonly id: number
  readonly username: string
  readonly 'guest.createdAt': Date | null
}

function personOf(row: PersonRow): Person {
  return { id: row.id, username: row.username, guestSince: row['guest.createdAt'] }
}
