import assert from 'node:assert/strict'
import { randomUUID } from 'node:crypto'
import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { describe, it } from 'node:test'
import { Op, QueryTypes, type Sequelize } from 'sequelize'
import { ensureVisitor, type VisitorModelOptions } from '../../src/index.js'
import { migrationsFor } from '../../src/migrations/index.js'
import { codeBlocks } from './markdown.js'
import { SECRET, startApplication, whoIs, type TestApp } from '../support/application.js'
import { DAY, HOUR, MINUTE } from '../support/clock.js'
import { dialect, openDatabase } from '../support/database.js'
import { eventually } from '../support/eventually.js'
import {
  createGuestTables,
  createVisitorTables,
  insert,
  writtenAs,
  type Row,
  type UuidType,
} from './from-django-tables.js'

const page = await readFile(join(import.meta.dirname, '../../docs/from-django.md'), 'utf8')
const sqlBlocks = codeBlocks(page).filter(({ language }) => language === 'sql')

const ago = (seconds: number): Date => new Date(Date.now() - seconds * 1000)

/** The passes of a Django deployment: `id` and the attributes that differ from the default. */
const passes = {
  live: pass(1, {
    first_name: 'Zoë',
    last_name: 'Šarić 🕺',
    context: { about: 'Frédéric 🎩', steps: [1, { done: null }] },
    session_expiry: 600,
  }),
  expired: pass(2, { created_at: ago(2 * DAY), expires_at: ago(HOUR) }),
  inactive: pass(3, { is_active: false }),
  // Valid for five minutes from then; this file may be imported long before its tests run.
  young: pass(4, { created_at: ago(-30 * MINUTE), expires_at: null, context: ['a list'] }),
  old: pass(5, { created_at: ago(HOUR), expires_at: null }),
  asked: pass(6, { context: { 'self-service': true, redirect_to: '/reference/' } }),
  placeholder: pass(7, { email: 'anon@example.com', is_active: false, context: { 'self-service': true } }),
  last: pass(41, { scope: 'OTHER' }),
}

const sessionKey = 'q2x8j0d5v7c1m4n6b9z3l0k7h5g2f4a8'

const visits: readonly Row[] = [
  visit(101, {
    http_user_agent: `Mozilla/5.0 (Ünïx; 🐧) ${'x'.repeat(600)}`,
    http_referer: `https://mail.example/read?link=vuid%3D${passes.live.uuid}#top`,
    remote_addr: '203.0.113.7, 198.51.100.2',
  }),
  visit(102, {
    http_referer: `https://example.com/visitors/self-service/${passes.live.uuid}/success/`,
    status_code: 0,
  }),
  visit(230, { session_key: '', http_method: 'POST', remote_addr: `2001:db8::${'0'.repeat(90)}` }),
]

function pass(id: number, differing: Row) {
  return {
    id,
    uuid: randomUUID(),
    first_name: '',
    last_name: '',
    email: 'zoe@example.org',
    scope: 'REFERENCE_REQUEST',
    created_at: ago(DAY),
    context: null,
    last_updated_at: ago(HOUR),
    is_active: true,
    expires_at: ago(-DAY),
    session_expiry: 0,
    ...differing,
  }
}

function visit(id: number, differing: Row): Row {
  return {
    id,
    visitor_id: 1,
    session_key: sessionKey,
    http_method: 'GET',
    request_uri: '/reference/',
    remote_addr: '203.0.113.7',
    query_string: `vuid=${passes.live.uuid}`,
    http_user_agent: 'Mozilla/5.0',
    http_referer: '',
    timestamp: ago(HOUR),
    status_code: 200,
    ...differing,
  }
}

/** Runs the page's SQL for the database under test, one statement at a time, as a client does. */
async function runFromPage(sequelize: Sequelize, what: 'visitors' | 'guests'): Promise<void> {
  const block = sqlBlocks.find(({ program }) => program === `${what}-${dialect}`)
  assert(block, `the page has no SQL for ${what} on ${dialect}`)
  const statements = block.code.replaceAll(/--.*$/gm, '').split(/;\s*(?:\n|$)/)
  for (const statement of statements.filter((text) => text.trim() !== '')) await sequelize.query(statement)
}

/** An application on tables of the migrations, with filled Django tables beside them. */
async function withMovedApplication(
  secret: VisitorModelOptions['secret'],
  uuidType: UuidType,
  work: (app: TestApp) => Promise<void>,
): Promise<void> {
  const app = await startApplication({
    database: { pool: { max: 1 } }, // one connection, like a client, because BEGIN applies to a connection
    visitor: { secret, tokenExpiry: 300 },
    routes(host) {
      host.get('/reference', ensureVisitor('REFERENCE_REQUEST'), (req, res) => {
        const { id, fullName, context, sessionExpiry } = req.visitor
        res.json({ id, fullName, context, sessionExpiry })
      })
    },
  })
  try {
    await migrate(app)
    await createVisitorTables(app.sequelize, uuidType)
    for (const row of Object.values(passes)) {
      await insert(app.sequelize, 'visitors_visitor', { ...row, uuid: writtenAs(uuidType, row.uuid) })
    }
    for (const row of visits) await insert(app.sequelize, 'visitors_visitorlog', row)
    await runFromPage(app.sequelize, 'visitors')
    await work(app)
  } finally {
    await app.close()
  }
}

/** Replaces the tables of `sync()` by those of the migrations. */
async function migrate({ sequelize, Visitor, Guest }: TestApp): Promise<void> {
  const queryInterface = sequelize.getQueryInterface()
  const migrations = migrationsFor({ Visitor, Guest })
  for (const { down } of migrations.toReversed()) await down(queryInterface)
  for (const { up } of migrations) await up(queryInterface)
}

const linkOf = ({ uuid }: { readonly uuid: string }): string => `/reference/?vuid=${uuid}`

async function assertOldLinks(app: TestApp): Promise<void> {
  const ginger = app.browser()
  await ginger.get(linkOf(passes.live)).expect(303).expect('Location', '/reference/')
  await ginger.get('/reference/').expect(200, {
    id: 1,
    fullName: 'Zoë Šarić 🕺',
    context: { about: 'Frédéric 🎩', steps: [1, { done: null }] },
    sessionExpiry: 600,
  })
  await app.browser().get(linkOf(passes.young)).expect(303)
  await app.browser().get(linkOf(passes.asked)).expect(303)

  const refusals = [
    [passes.expired, 'expired'],
    [passes.old, 'expired'],
    [passes.inactive, 'deactivated'],
    [passes.placeholder, 'unknown'],
    [{ uuid: randomUUID() }, 'unknown'],
  ] as const
  for (const [refused, reason] of refusals) {
    const response = await app.browser().get(linkOf(refused)).expect(403)
    assert.equal((response.body as { reason: string }).reason, reason)
  }
  await app.browser().get('/reference/?vuid=123').expect(403)
}

/** The UUID types that Django may have created on this database. */
async function uuidTypesHere(): Promise<readonly UuidType[]> {
  if (dialect === 'postgres') return ['uuid']
  if (dialect === 'sqlite') return ['char(32)']
  const { sequelize, close } = await openDatabase()
  const version = await sequelize.databaseVersion()
  await close()
  return version.includes('MariaDB') ? ['char(32)', 'uuid'] : ['char(32)']
}

/** SQLite compares times as texts, so copied times must have the format of new ones. */
async function assertTimesAsOurs(sequelize: Sequelize): Promise<void> {
  const columns = ['createdAt', 'updatedAt', 'expiresAt']
  const rows = await sequelize.query<Row>('SELECT * FROM "Visitors"', { type: QueryTypes.SELECT, raw: true })
  for (const time of rows.flatMap((row) => columns.map((column) => row[column]))) {
    assert.match(String(time), /^\d{4}-\d\d-\d\d \d\d:\d\d:\d\d\.\d{3} \+00:00$/)
  }
}

const uuidTypes = await uuidTypesHere()

describe('docs/from-django.md', () => {
  it('has SQL for visitors and guests on every database', () => {
    assert.deepEqual(
      sqlBlocks.flatMap(({ program }) => program ?? []),
      ['visitors', 'guests'].flatMap((half) =>
        ['postgres', 'mysql', 'sqlite'].map((name) => `${half}-${name}`),
      ),
    )
  })

  for (const uuidType of uuidTypes) {
    describe(`visitors, with Django's UUIDs as ${uuidType}`, () => {
      it('with secret: false exactly the links that are valid in Django can be redeemed', async () => {
        await withMovedApplication(false, uuidType, async (app) => {
          await assertOldLinks(app)
          const fresh = await app.Visitor.create({ email: 'new@example.org', scope: 'REFERENCE_REQUEST' })
          assert.equal(fresh.id, 42)
          await app.browser().get(fresh.tokenise('/reference')).expect(303)
        })
      })

      it('with [secret, false] they can be redeemed too, and new links are signed', async () => {
        await withMovedApplication([SECRET, false], uuidType, async (app) => {
          await assertOldLinks(app)
          const fresh = await app.Visitor.create({ email: 'new@example.org', scope: 'REFERENCE_REQUEST' })
          const link = fresh.tokenise('/reference')
          assert.match(link, /^\/reference\?vuid=[0-9a-f]{64}$/)
          await app.browser().get(link).expect(303)

          const kept = await app.Visitor.findByPk(passes.live.id, { rejectOnEmpty: true })
          assert.match(kept.tokenise('/reference'), /^\/reference\?vuid=[0-9a-f]{64}$/)
          await app.browser().get(kept.tokenise('/reference')).expect(303)

          if (dialect !== 'postgres') return
          const query = sqlBlocks.find(({ program }) => program === undefined)?.code ?? ''
          const rows = await app.sequelize.query<{ max: Date }>(query, { type: QueryTypes.SELECT, raw: true })
          const old = await app.Visitor.findAll({ where: { isActive: true, id: { [Op.ne]: fresh.id } } })
          const last = Math.max(...old.map(({ expiresAt }) => expiresAt.getTime()))
          assert.deepEqual(rows, [{ max: new Date(last) }])
        })
      })

      it('every pass is copied completely, except placeholders of forms that were never posted', async () => {
        await withMovedApplication(false, uuidType, async ({ Visitor, sequelize }) => {
          const { placeholder, ...moved } = passes
          const found = await Visitor.findAll({ order: ['id'] })
          assert.deepEqual(
            found.map((arrived) => arrived.get({ plain: true })),
            Object.values(moved).map((row: Row) => ({
              id: row['id'],
              uuid: row['uuid'],
              firstName: row['first_name'],
              lastName: row['last_name'],
              email: row['email'],
              scope: row['scope'],
              context: row['context'],
              createdAt: row['created_at'],
              updatedAt: row['last_updated_at'],
              expiresAt: row['expires_at'] ?? new Date((row['created_at'] as Date).getTime() + 300_000),
              isActive: row['is_active'],
              sessionExpiry: row['session_expiry'],
              maxUses: null,
              uses: 0,
              lastUsedAt: null,
              reissuedAt: null,
              confirmedBy: null,
              codeHash: null,
              codeAttempts: 0,
              selfService: row['id'] === passes.asked.id,
            })),
          )
          assert(!found.some(({ id }) => id === placeholder.id))
          if (dialect === 'sqlite') await assertTimesAsOurs(sequelize)
        })
      })

      it('the visit log is copied without tokens and session keys, and new visits follow', async () => {
        await withMovedApplication(false, uuidType, async (app) => {
          const log = await app.VisitorLog.findAll({ order: ['id'], include: 'visitor' })
          assert.deepEqual(
            log.map(({ id, method, path, status, outcome }) => [Number(id), method, path, status, outcome]),
            [
              [101, 'GET', '/reference/', 200, 'admitted'],
              [102, 'GET', '/reference/', 0, 'admitted'],
              [230, 'POST', '/reference/', 200, 'admitted'],
            ],
          )
          assert(log.every(({ visitor }) => visitor?.id === 1))
          assert.deepEqual(
            log.map(({ createdAt }) => createdAt),
            visits.map(({ timestamp }) => timestamp),
          )
          const [first, second, third] = log
          assert(first && second && third)
          assert.equal(first.userAgent, `Mozilla/5.0 (Ünïx; 🐧) ${'x'.repeat(490)}`) // 512 characters
          assert.deepEqual([first.referrer, second.referrer], ['https://mail.example/read', ''])
          assert.deepEqual([first.ip, third.ip.length], ['203.0.113.7', 64])
          assert.equal(first.sessionHash, second.sessionHash)
          assert.match(first.sessionHash, dialect === 'sqlite' ? /^$/ : /^[0-9a-f]{64}$/)
          assert.equal(third.sessionHash, '')

          const [rows] = await app.sequelize.query(
            dialect === 'mysql' ? 'SELECT * FROM `VisitorLogs`' : 'SELECT * FROM "VisitorLogs"',
          )
          const everything = JSON.stringify(rows)
          assert(!everything.includes(sessionKey))
          for (const { uuid } of Object.values(passes)) assert(!everything.includes(uuid))

          const ginger = app.browser()
          await ginger.get(linkOf(passes.live)).expect(303)
          await ginger.get('/reference/').expect(200)
          const newest = await eventually(
            () => app.VisitorLog.findOne({ order: [['id', 'DESC']], rejectOnEmpty: true }),
            ({ id }) => Number(id) > 230,
          )
          assert.deepEqual([Number(newest.id), newest.visitorId, newest.outcome], [231, 1, 'admitted'])
        })
      })
    })
  }

  it('guests are still guests, and all other users are regular users', async () => {
    const app = await startApplication({
      database: { pool: { max: 1 } },
      routes(host) {
        host.get('/me', (req, res) => {
          res.json(whoIs(req))
        })
      },
    })
    try {
      const { sequelize, User, Guest } = app
      await migrate(app)
      await createGuestTables(sequelize)
      const [made, seen] = [ago(2 * DAY), ago(HOUR)]
      const users = [
        { id: 11, username: 'fred', last_login: seen },
        { id: 12, username: 'a1b2c3', last_login: seen },
        { id: 13, username: 'd4e5f6', last_login: null },
        { id: 14, username: 'long-gone', last_login: null },
      ]
      for (const user of users) {
        await insert(sequelize, 'auth_user', user)
        await User.create({ id: user.id, username: user.username })
      }
      await insert(sequelize, 'guest_user_guest', { id: 1, created_at: made, user_id: 12 })
      await insert(sequelize, 'guest_user_guest', { id: 2, created_at: made, user_id: 13 })
      await insert(sequelize, 'guest_user_guest', { id: 3, created_at: ago(15 * DAY), user_id: 14 })
      await runFromPage(sequelize, 'guests')

      const guests = await Guest.findAll({ order: ['userId'] })
      assert.deepEqual(
        guests.map(({ userId, hasExpired }) => [userId, hasExpired]),
        [
          [12, false],
          [13, false],
          [14, true],
        ],
      )
      assert.deepEqual(
        guests
          .slice(0, 2)
          .map(({ createdAt, lastSeenAt, sessionHash }) => [createdAt, lastSeenAt, sessionHash]),
        [
          [made, seen, null],
          [made, made, null],
        ],
      )
      for (const [username, isGuest] of [
        ['fred', false],
        ['a1b2c3', true],
      ] as const) {
        const browser = app.browser()
        await browser.post('/login').type('form').send({ username, password: 'any' }).expect(200)
        const { body } = (await browser.get('/me').expect(200)) as { body: ReturnType<typeof whoIs> }
        assert.deepEqual([body.isGuest, body.isRegularUser], [isGuest, !isGuest])
      }
    } finally {
      await app.close()
    }
  })
})
