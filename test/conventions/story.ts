import assert from 'node:assert/strict'
import { QueryTypes } from 'sequelize'
import { quotedTable } from '../../src/database/columns.js'
import { usesOneStatement } from '../support/database.js'
import type { Host, HostWho } from '../support/host-application.js'

/** What differs from host to host as both principals walk through its application. */
export interface Expectations {
  /** The attribute that a conversion sets. @default 'username' */
  readonly usernameAttribute?: string
  /**
   * Whether a guest is made by a single statement on PostgreSQL, as promised where nothing of the application's has
   * to run in between. @default true
   */
  readonly createdInOne?: boolean
  /** Whether a token is redeemed by a single statement on PostgreSQL. @default true */
  readonly redeemedInOne?: boolean
}

/**
 * Both principals' way through the application: a guest is made on demand, is still there at the next click, and
 * becomes a regular user with the same id; a visitor redeems a link, is still there at the next click, and is logged
 * and shut out. Returns what the pages said of the guest.
 */
export async function walkStory(host: Host, expectations: Expectations = {}): Promise<HostWho> {
  const guest = await walkAsGuest(host, expectations)
  await walkAsVisitor(host, expectations)
  return guest
}

async function walkAsGuest(
  host: Host,
  { usernameAttribute = 'username', createdInOne = true }: Expectations,
): Promise<HostWho> {
  const browser = host.browser()
  host.takeStatements()
  const created = await who(browser.get('/play'))
  if (createdInOne && usesOneStatement) assert.equal(host.takeStatements().length, 1, 'to make a guest')
  assert.equal(created.isGuest, true)
  assert.equal(await rows(host, host.User), 1)
  assert.equal(await rows(host, host.Guest), 1)

  host.takeStatements()
  const restored = await who(browser.get('/who'))
  assert.equal(host.takeStatements().length, 1, 'for a page of a guest')
  assert.deepEqual([restored.key, restored.isGuest], [created.key, true])
  assert.equal((await browser.get('/settings').set('Accept', 'application/json')).status, 403)

  const converted = await who(browser.post('/convert').send({ [usernameAttribute]: 'ada' }))
  assert.deepEqual([converted.key, converted.isRegularUser], [created.key, true])
  assert.equal(await rows(host, host.User), 1)
  assert.equal(await rows(host, host.Guest), 0)

  host.takeStatements()
  const afterwards = await who(browser.get('/who'))
  assert.equal(host.takeStatements().length, 1, 'for a page of a user')
  assert.deepEqual([afterwards.key, afterwards.isRegularUser], [created.key, true])
  assert.equal(afterwards.user?.[usernameAttribute], 'ada')
  assert.equal((await browser.get('/settings')).status, 200)
  return created
}

async function walkAsVisitor(host: Host, { redeemedInOne = true }: Expectations): Promise<void> {
  const context = { about: ['references'] }
  const pass = await host.Visitor.create({ email: 'kim@example.org', scope: 'REFERENCE', context })
  const browser = host.browser()
  host.takeStatements()
  const redeemed = await browser.get(pass.tokenise('/reference'))
  assert.deepEqual([redeemed.status, redeemed.headers['location']], [303, '/reference'])
  if (redeemedInOne && usesOneStatement) assert.equal(host.takeStatements().length, 1, 'to redeem a token')

  host.takeStatements()
  assert.equal((await who(browser.get('/who'))).visitor, pass.id)
  assert.equal(host.takeStatements().length, 1, 'for a page of a visitor')
  assert.equal((await who(browser.get('/reference'))).isVisitor, true)
  await host.VisitorLog.flush()
  assert.equal(await rows(host, host.VisitorLog), 1)

  const reloaded = await pass.reload({ useMaster: true })
  assert.deepEqual([reloaded.uses, reloaded.context], [1, context])
  await pass.deactivate()
  assert.equal((await browser.get('/reference')).status, 403)
  assert.equal((await host.browser().get(pass.tokenise('/reference'))).status, 403)
}

/** The body of a page that must have answered with 200. */
export async function who(
  page: PromiseLike<{ status: number; body: unknown; text: string }>,
): Promise<HostWho> {
  const { status, body, text } = await page
  assert.equal(status, 200, text)
  return body as HostWho
}

/** How many rows a model's table really has, soft-deleted ones too, read past the ORM. */
export async function rows(
  { sequelize }: Pick<Host, 'sequelize'>,
  Model: Parameters<typeof quotedTable>[0],
): Promise<number> {
  const [row] = await sequelize.query<{ n: number | string }>(
    `SELECT COUNT(*) AS n FROM ${quotedTable(Model)}`,
    {
      type: QueryTypes.SELECT,
      useMaster: true,
    },
  )
  return Number(row?.n)
}
