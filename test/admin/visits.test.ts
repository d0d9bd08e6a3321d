import assert from 'node:assert/strict'
import { once } from 'node:events'
import { get, type IncomingMessage } from 'node:http'
import { after, before, describe, it } from 'node:test'
import { setTimeout } from 'node:timers/promises'
import { readable, startAdmin, type AdminBrowser, type AdminStage } from './stage.js'

let app: AdminStage
let staff: AdminBrowser
let pass: number
before(async () => {
  app = await startAdmin()
  staff = await app.as('staff')
  pass = (
    await app.Visitor.create({
      firstName: '=HYPERLINK("https://evil.test")',
      email: 'fred@example.com',
      scope: '@SUM(A1)',
      context: null,
    })
  ).id
  const visit = {
    visitorId: pass,
    sessionHash: 'a',
    method: 'GET',
    status: 200,
    referrer: '',
    ip: '192.0.2.1',
  }
  await app.VisitorLog.bulkCreate([
    { ...visit, path: '/a,"b"\r\nc', userAgent: '=cmd|calc', outcome: 'admitted' },
    { ...visit, path: '/later', userAgent: '\t=1+1', outcome: 'expired' },
    { ...visit, path: '/plain', userAgent: ' -2+3', outcome: 'admitted' },
  ] as never)
})
after(() => app.close())

describe('the list of visits', () => {
  it('shows those of an outcome, a pass and some days', async () => {
    const shown = async (query: string) => readable(await staff.get(`/admin/visits?${query}`).expect(200))
    const today = new Date().toISOString().slice(0, 10)
    assert.match(await shown('outcome=expired'), /\/later/)
    assert.doesNotMatch(await shown('outcome=expired'), /\/plain/)
    assert.match(await shown(`pass=${String(pass)}&from=${today}&to=${today}`), /\/plain/)
    assert.match(await shown('to=2020-01-01'), /No visit matches/)
    assert.match(await shown('pass=999'), /No visit matches/)
  })

  it('answers whatever stands in the query', async () => {
    for (const query of [
      'outcome=constructor',
      'outcome[]=expired',
      'pass=x',
      'pass=99999999999999999999',
      'pass[]=1',
      'from=2026-99-99',
      'from=9999-12-31&to=1000-01-01',
      "to=2026-01-01'",
      'after=x',
      'after=1.x',
      'after=99999999999999.1',
      'after=1.99999999999999999999',
      'after=-1.1',
    ])
      for (const page of ['visits', 'visits.csv'])
        assert.equal((await staff.get(`/admin/${page}?${query}`)).status, 200, query)
  })
})

describe('visits as CSV', () => {
  it('are quoted, and nothing in them is a formula for a spreadsheet', async () => {
    const { text, headers } = await staff.get('/admin/visits.csv').buffer(true).expect(200)
    assert.match(String(headers['content-type']), /^text\/csv; charset=utf-8/)
    assert.match(String(headers['content-disposition']), /^attachment; filename="visits\.csv"/)
    assert.match(text, /"\/a,""b""\r\nc"/)
    assert.match(text, /"'=cmd\|calc"/)
    assert.match(text, /"'\t=1\+1"/)
    assert.match(text, /"' -2\+3"/)
    assert.match(text, /"'=HYPERLINK\(""https:\/\/evil\.test""\)"/)
    assert.match(text, /"'@SUM\(A1\)"/)
    for (const cell of text.matchAll(/(?:^|,)"([^"]*)"/g)) assert.doesNotMatch(cell[1] ?? '', /^\s*[=+\-@]/)
  })

  it('contain no formula for a spreadsheet that separates cells by a semicolon, as where a comma is the decimal sign', async () => {
    const userAgents = [
      'a;=1+1',
      'a; \t@SUM(1)',
      'a;"=1+1&"";b',
      'a;;-1',
      'a\n+1',
      '(X11; Linux)',
      'a=b; c-d',
    ]
    const visit = { visitorId: pass, sessionHash: 'a', method: 'GET', status: 200, referrer: '', ip: '' }
    await app.VisitorLog.bulkCreate(
      userAgents.map((userAgent) => ({ ...visit, path: '/cells', userAgent, outcome: 'gone' as const })),
    )
    const { text } = await staff.get('/admin/visits.csv?outcome=gone').buffer(true)
    // Only a quote at the beginning of a cell means something; all our rows begin with one.
    const cells = text.split(/[;\r\n]/)
    assert.ok(cells.length > 2 * userAgents.length)
    for (const cell of cells) assert.doesNotMatch(cell, /^[\s"]*[=+\-@]/)
    for (const plain of ['"(X11; Linux)"', '"a=b; c-d"']) assert.ok(text.includes(plain))
  })

  it('are those that the page shows', async () => {
    const { text } = await staff.get('/admin/visits.csv?outcome=expired').buffer(true)
    assert.match(text, /\/later/)
    assert.doesNotMatch(text, /\/plain/)
  })

  it('wait for a client that reads slowly, and contain every visit once', async () => {
    const wide = { userAgent: 'u'.repeat(500), referrer: 'r'.repeat(500) }
    const now = Date.now()
    for (let batch = 0; batch < 20; batch += 1)
      await app.VisitorLog.bulkCreate(
        Array.from({ length: 1000 }, (_, place) => ({
          ...{ visitorId: pass, sessionHash: 'b', method: 'GET', status: 200, ip: '192.0.2.1', ...wide },
          path: `/many/${String(batch * 1000 + place)}/${'p'.repeat(2000)}`,
          outcome: 'admitted' as const,
          createdAt: new Date(now - batch * 1000 - place),
        })),
      )
    const answer = await slowClient()
    const begun = await untilQuiet()
    assert.ok(begun < 12, `${String(begun)} of 20 batches were read for a client that reads nothing`)

    let text = ''
    for await (const chunk of answer.setEncoding('utf8')) text += String(chunk)
    assert.equal(answer.complete, true)
    const places = [...text.matchAll(/"\/many\/(\d+)\//g)].map(([, place]) => place)
    assert.equal(places.length, 20_000)
    assert.equal(new Set(places).size, 20_000)
  })

  it('are cut off if the database fails on the way, so that a part of them looks like no whole file', async () => {
    const answer = await slowClient()
    await untilQuiet()
    await app.VisitorLog.drop()
    await assert.rejects(async () => {
      for await (const chunk of answer) assert.ok(chunk)
    }, /aborted/)
    assert.equal(answer.complete, false)
  })
})

/** The answer to a client that has the CSV sent, and reads nothing of it yet. */
async function slowClient(): Promise<IncomingMessage> {
  const login = await fetch(`${app.origin}/login`, {
    method: 'POST',
    body: new URLSearchParams({ username: 'staff', password: 'any' }),
  })
  const cookie = login.headers.getSetCookie().join().split(';')[0] ?? ''
  app.database.takeStatements()
  const [answer] = (await once(
    get(`${app.origin}/admin/visits.csv`, { headers: { cookie } }),
    'response',
  )) as [IncomingMessage]
  return answer
}

/** The number of statements until none came for a while: the server waits for the client. */
async function untilQuiet(): Promise<number> {
  let total = 0
  for (let looks = 0; looks < 50; looks += 1) {
    const more = app.database.takeStatements().length
    if (more > 0) looks = 0
    total += more
    await setTimeout(10)
  }
  return total
}
