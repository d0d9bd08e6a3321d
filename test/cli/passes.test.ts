import assert from 'node:assert/strict'
import { after, before, beforeEach, describe, it } from 'node:test'
import { quotedField, quotedTable } from '../../src/database/columns.js'
import { DAY, HOUR, later } from '../support/clock.js'
import { openStage, type Stage } from './stage.js'

const URL_ = 'https://example.com/reference?lang=en#form'
const KIM = ['--email', 'kim@example.com', '--scope', 'REFERENCE', '--url', URL_]

/** What a terminal would do something about. */
const OBEYED = /[\p{Cc}\u2028\u2029\u202a-\u202e]/u

describe('passes on the command line', () => {
  let stage: Stage
  before(async () => {
    stage = await openStage()
  })
  beforeEach(() => stage.Visitor.destroy({ where: {} }))
  after(() => stage.close())

  const make = (values: object = {}) =>
    stage.Visitor.create({ email: 'kim@example.com', scope: 'REFERENCE', context: null, ...values })

  describe('invite', () => {
    it('invite prints only the link of a new pass, and the model accepts it', async () => {
      const { code, stdout, stderr } = await stage.run(['invite', ...KIM])
      assert.equal(code, 0)
      assert.equal(stderr, '')
      const pass = await stage.Visitor.findOne({ rejectOnEmpty: true })
      assert.equal(stdout, `${pass.tokenise(URL_)}\n`)
      assert.equal(pass.scope, 'REFERENCE')
      assert.equal(pass.isValid, true)
    })

    it('invite accepts every attribute of a pass', async () => {
      const { document } = await stage.json([
        ...['invite', ...KIM, '--first-name', 'Kim', '--last-name', 'Novak', '--context', '{"page":3}'],
        ...['--max-uses', '2', '--expires-in', '12h', '--session-expiry', '90s'],
      ])
      const pass = await stage.Visitor.findOne({ rejectOnEmpty: true })
      assert.equal(pass.fullName, 'Kim Novak')
      assert.deepEqual(pass.context, { page: 3 })
      assert.equal(pass.maxUses, 2)
      assert.equal(pass.sessionExpiry, 90)
      const hours = (pass.expiresAt.getTime() - pass.createdAt.getTime()) / 1000 / HOUR
      assert.ok(hours > 11.9 && hours < 12.1, String(hours))
      const { link, pass: shown } = document as { link: string; pass: Record<string, unknown> }
      assert.equal(link, pass.tokenise(URL_))
      assert.equal(shown['id'], pass.id)
      assert.equal(shown['state'], 'open')
      assert.equal(shown['maxUses'], 2)
    })

    it("invite accepts visits that last as long as the browser or the host's sessions", async () => {
      await stage.run(['invite', ...KIM, '--session-expiry', '0'])
      await stage.run(['invite', ...KIM, '--session-expiry', 'host'])
      const passes = await stage.Visitor.findAll({ order: ['id'] })
      assert.deepEqual(
        passes.map(({ sessionExpiry }) => sessionExpiry),
        [0, null],
      )
    })

    it('invite explains a wrong value in one sentence, creates no pass, and exits with 2', async () => {
      const wrong: readonly (readonly [readonly string[], RegExp])[] = [
        [['invite', '--scope', 'A', '--url', URL_], /--email/],
        [
          ['invite', ...KIM, '--email', 'nobody'],
          /^passport-ephemeral: --email: 'nobody' is not an e-mail address\n$/,
        ],
        [['invite', ...KIM, '--scope', '*'], /scope/],
        [['invite', ...KIM, '--scope', 'x'.repeat(101)], /scope/],
        [['invite', ...KIM, '--url', '/reference'], /whole address/],
        [['invite', ...KIM, '--url', 'javascript:alert(1)'], /whole address/],
        [['invite', ...KIM, '--context', '{page:3}'], /Must be JSON/],
        [['invite', ...KIM, '--max-uses', '0'], /positive whole number/],
        [['invite', ...KIM, '--max-uses', '1.5'], /positive whole number, 999,999,999 at most/],
        [['invite', ...KIM, '--session-expiry', '99y'], /up to 68 years/],
        [['invite', ...KIM, '--expires-in', '-3d'], /duration/],
        [['invite', ...KIM, '--expires-in', 'soon'], /duration/],
        [['invite', ...KIM, '--expires-in', '3 fortnights'], /duration/],
        [['invite', ...KIM, '--expires-in', '0'], /more than none/],
        [['invite', ...KIM, '--expires-in', '999999y'], /up to 100 years/],
        [['invite', ...KIM, '--session-expiry', '0.5s'], /whole/],
        [['invite', ...KIM, '--sope', 'A'], /unknown option '--sope'/],
      ]
      for (const [argv, message] of wrong) {
        const { code, stdout, stderr } = await stage.run(argv)
        assert.equal(code, 2, argv.join(' '))
        assert.equal(stdout, '')
        assert.match(stderr, message)
        assert.match(stderr, /^passport-ephemeral: /)
        assert.doesNotMatch(stderr, /\n {4}at /)
      }
      assert.equal(await stage.Visitor.count(), 0)
    })

    it('invite warns of a link over plain HTTP, except on this machine', async () => {
      const at = (url: string) =>
        stage.run(['invite', '--email', 'k@example.com', '--scope', 'A', '--url', url])
      assert.match((await at('http://example.com/')).stderr, /^Warning: .*http:/)
      assert.match((await at('http://localhost.example.com/')).stderr, /^Warning/)
      for (const url of [
        'http://localhost:3000/',
        'http://127.0.0.1/',
        'http://[::1]:80/',
        'https://example.com/',
      ]) {
        assert.equal((await at(url)).stderr, '', url)
      }
    })
  })

  describe('revoke', () => {
    it('revoke deactivates one pass by uuid in any letter case or by id, and can be repeated', async () => {
      const [one, two, other] = [await make(), await make(), await make()]
      const first = await stage.run(['revoke', one.uuid.toUpperCase()])
      assert.deepEqual([first.code, first.stdout], [0, '1 pass revoked.\n'])
      assert.deepEqual((await stage.json(['revoke', String(two.id)])).document, { matched: 1, revoked: 1 })
      const again = await stage.run(['revoke', one.uuid])
      assert.deepEqual([again.code, again.stdout], [0, '0 passes revoked; 1 pass had been revoked before.\n'])
      for (const pass of [one, two, other]) await pass.reload()
      assert.deepEqual([one.isActive, two.isActive, other.isActive], [false, false, true])
    })

    it('revoke deactivates every pass of an address in any letter case, or those of one scope', async () => {
      await make()
      await make({ email: 'Kim@Example.com', scope: 'PREVIEW' })
      await make({ email: 'lee@example.com' })
      const scoped = await stage.json(['revoke', '--email', 'KIM@example.com', '--scope', 'PREVIEW'])
      assert.deepEqual(scoped.document, { matched: 1, revoked: 1 })
      const all = await stage.json(['revoke', '--email', 'kim@example.com'])
      assert.deepEqual(all.document, { matched: 2, revoked: 1 })
      assert.equal(await stage.Visitor.count({ where: { isActive: true } }), 1)
    })

    it('no command takes the passes of an address or a scope that only the database takes for the one that is named', async () => {
      const named = await make({ email: 'jos\u00e9@example.com', isActive: false })
      const others = [
        await make({ email: 'jose@example.com' }),
        await make({ email: 'jos\u00e9@example.com', scope: 'Reference' }),
      ]
      const selection = ['--email', 'JOS\u00c9@example.com', '--scope', 'REFERENCE']
      const { document } = await stage.json(['visitors', ...selection, '--all'])
      assert.deepEqual(
        (document as { passes: { id: number }[] }).passes.map(({ id }) => id),
        [named.id],
      )
      await stage.json(['reactivate', ...selection])
      assert.equal((await named.reload()).isActive, true)
      const { uuid } = named
      assert.equal((await stage.run(['reissue', ...selection, '--url', URL_])).code, 0)
      assert.notEqual((await named.reload()).uuid, uuid)
      assert.deepEqual((await stage.json(['revoke', ...selection])).document, { matched: 1, revoked: 1 })
      for (const { id, uuid: before, expiresAt, updatedAt } of others) {
        const pass = await stage.Visitor.findByPk(id, { rejectOnEmpty: true })
        assert.deepEqual(
          [pass.isActive, pass.uuid, pass.expiresAt, pass.updatedAt],
          [true, before, expiresAt, updatedAt],
        )
      }
    })

    it('revoke exits with 1 if nothing matches', async () => {
      await make()
      const uuid = '00000000-0000-4000-8000-000000000000'
      for (const argv of [[uuid], ['4711'], ['--email', 'lee@example.com']]) {
        const { code, stdout } = await stage.run(['revoke', ...argv])
        assert.deepEqual([code, stdout], [1, 'No pass matches.\n'])
      }
    })

    it('revoke compares its arguments as values, never as SQL or as a pattern', async () => {
      await make()
      for (const text of ["' OR 1=1 --", '%', "x' UNION SELECT 1", '_im@example.com', '\\']) {
        const { code } = await stage.run(['revoke', '--email', text])
        assert.equal(code, 1, text)
        assert.equal((await stage.run(['revoke', '--email', 'kim@example.com', '--scope', text])).code, 1)
      }
      assert.equal(await stage.Visitor.count({ where: { isActive: true } }), 1)
    })

    it('revoke without a clear selection exits with 2', async () => {
      const pass = await make()
      const wrong = [
        [],
        ['--scope', 'REFERENCE'],
        ['--email', ''],
        [pass.uuid, '--email', 'kim@example.com'],
        [pass.uuid, '--scope', 'A'],
        ['kim@example.com'],
        ['1 OR 1=1'],
        ['99999999999'],
        [pass.uuid, pass.uuid],
      ]
      for (const argv of wrong) assert.equal((await stage.run(['revoke', ...argv])).code, 2, argv.join(' '))
      await pass.reload()
      assert.equal(pass.isActive, true)
    })
  })

  describe('reissue', () => {
    const at = ['--url', URL_]

    it('reissue prints a fresh link, refuses the old one, and opens the pass again', async () => {
      const pass = await make({ isActive: false, maxUses: 1, uses: 1 })
      const { uuid } = pass
      const { code, stdout, stderr } = await stage.run(['reissue', String(pass.id), ...at])
      assert.deepEqual([code, stderr], [0, ''])
      await pass.reload()
      assert.equal(stdout, `${pass.tokenise(URL_)}\n`)
      assert.notEqual(pass.uuid, uuid)
      assert.equal(pass.isValid, true)
    })

    it('reissue finds the pass by address and scope, and accepts --expires-in', async () => {
      const pass = await make({ scope: 'PREVIEW' })
      await make()
      const { document } = await stage.json([
        ...['reissue', '--email', 'KIM@example.com', '--scope', 'PREVIEW', '--expires-in', '12h', ...at],
      ])
      await pass.reload()
      const { link, pass: shown } = document as { link: string; pass: { id: number } }
      assert.deepEqual([link, shown.id], [pass.tokenise(URL_), pass.id])
      const hours = (pass.expiresAt.getTime() - Date.now()) / 1000 / HOUR
      assert.ok(hours > 11.9 && hours < 12.1, String(hours))
    })

    it('reissue changes nothing and lists the ids if several match, and exits with 1 if none does', async () => {
      const [one, two] = [await make(), await make()]
      const several = await stage.run(['reissue', '--email', 'kim@example.com', ...at])
      assert.deepEqual([several.code, several.stdout], [2, ''])
      assert.match(several.stderr, new RegExp(`Name one by its id: ${two.id}, ${one.id}`))
      for (const pass of [one, two]) {
        const { uuid } = pass
        assert.equal((await pass.reload()).uuid, uuid)
      }
      for (const argv of [['4711'], ['--email', 'lee@example.com']]) {
        assert.equal((await stage.run(['reissue', ...argv, ...at])).code, 1)
      }
      assert.equal((await stage.run(['reissue', ...at])).code, 2)
    })
  })

  describe('reactivate', () => {
    it('reactivate opens a revoked or an expired pass again, with the same link', async () => {
      const revoked = await make({ isActive: false })
      const expired = await make({ expiresAt: new Date(Date.now() - 1000) })
      const { uuid } = revoked
      const { code, stdout } = await stage.run(['reactivate', uuid, '--expires-in', '12h'])
      assert.equal(code, 0)
      assert.match(stdout, /^1 pass open until \d{4}-\d\d-\d\d \d\d:\d\d UTC\.\n$/)
      assert.equal((await stage.run(['reactivate', String(expired.id)])).code, 0)
      for (const pass of [revoked, expired]) assert.equal((await pass.reload()).isValid, true)
      assert.equal(revoked.uuid, uuid)
      const hours = (revoked.expiresAt.getTime() - Date.now()) / 1000 / HOUR
      assert.ok(hours > 11.9 && hours < 12.1, String(hours))
    })

    it('reactivate opens the passes of an address, and counts those that stay used up', async () => {
      await make({ maxUses: 2, uses: 2 })
      await make({ maxUses: 2, uses: 1 })
      await make({ email: 'lee@example.com', isActive: false })
      await stage.run(['revoke', '--email', 'kim@example.com'])
      const { document, code } = await stage.json(['reactivate', '--email', 'Kim@example.com'])
      const { matched, reactivated, usedUp } = document as Record<string, unknown>
      assert.deepEqual(
        { code, matched, reactivated, usedUp },
        { code: 0, matched: 2, reactivated: 1, usedUp: 1 },
      )
      assert.match(
        (await stage.run(['reactivate', '--email', 'kim@example.com'])).stdout,
        /\n1 pass used up: .*reissue/,
      )
      assert.equal(await stage.Visitor.count({ where: { isActive: true } }), 2)
    })

    it('reactivate exits with 1 if nothing matches, and with 2 without a selection', async () => {
      assert.equal((await stage.run(['reactivate', '4711'])).code, 1)
      assert.equal((await stage.run(['reactivate'])).code, 2)
      assert.equal((await stage.run(['reactivate', '17', '--email', 'kim@example.com'])).code, 2)
    })
  })

  describe('visitors', () => {
    it('visitors lists the open passes, the newest first, as an aligned table', async () => {
      const first = await make({ firstName: 'Kim', lastName: 'Novak' })
      const second = await make({ email: 'lee@example.com', scope: 'PREVIEW', maxUses: 3, uses: 1 })
      await make({ isActive: false })
      const { code, stdout } = await stage.run(['visitors'])
      assert.equal(code, 0)
      const [heading = '', ...lines] = stdout.trimEnd().split('\n')
      assert.match(heading, /^ *id +uuid +visitor +scope +uses +expires \(UTC\) +state$/)
      assert.equal(lines.length, 2)
      assert.match(
        lines[0] ?? '',
        new RegExp(`^ *${second.id}  ${second.uuid}  lee@example.com +PREVIEW +1/3 .* open$`),
      )
      assert.match(
        lines[1] ?? '',
        new RegExp(`^ *${first.id}  ${first.uuid}  Kim Novak <kim@example.com>  REFERENCE +0 .* open$`),
      )
      assert.equal(lines[0]?.indexOf('open'), heading.indexOf('state'))
    })

    it('visitors --all prints the state of each pass', async () => {
      await make({ scope: 'A' })
      await make({ scope: 'B', isActive: false })
      await make({ scope: 'C', maxUses: 1, uses: 1 })
      await make({ scope: 'D', expiresAt: new Date(Date.now() - 1000) })
      const states = async (argv: string[]) => {
        const { document } = await stage.json(['visitors', ...argv])
        const { passes } = document as { passes: { scope: string; state: string }[] }
        return passes.map(({ scope, state }) => `${scope} ${state}`)
      }
      assert.deepEqual(await states(['--all']), ['D expired', 'C used-up', 'B deactivated', 'A open'])
      assert.deepEqual(await states([]), ['A open'])
      assert.deepEqual(await states(['--all', '--scope', 'C']), ['C used-up'])
      assert.deepEqual(await states(['--email', 'KIM@example.com']), ['A open'])
      assert.deepEqual(await states(['--scope', "' OR 1=1 --"]), [])
    })

    it('visitors stops at the limit, prints that on stderr, and continues after a pass', async () => {
      for (let count = 0; count < 3; count++) await make()
      const { stdout, stderr } = await stage.run(['visitors', '--limit', '2'])
      assert.equal(stdout.trimEnd().split('\n').length, 3)
      assert.match(stderr, /^There are more: --after \d+ continues\.\n$/)
      const page = async (...argv: string[]) => {
        const { passes, hasMore } = (await stage.json(['visitors', '--limit', '2', ...argv])).document as {
          passes: { id: number }[]
          hasMore: boolean
        }
        return { ids: passes.map(({ id }) => id), hasMore }
      }
      const first = await page()
      assert.equal(first.hasMore, true)
      const second = await page('--after', String(first.ids.at(-1)))
      assert.deepEqual([second.ids.length, second.hasMore], [1, false])
      assert.ok(Math.max(...second.ids) < Math.min(...first.ids))
    })

    it("a visitor's name cannot move the cursor, change colours or forge a line", async () => {
      await make({
        firstName: '\u001b[31mEvil\u001b]0;title\u0007',
        lastName: 'A\n99  forged \u202Eright\u009b2J\u2028x',
      })
      const { stdout } = await stage.run(['visitors'])
      assert.equal(stdout.trimEnd().split('\n').length, 2)
      assert.doesNotMatch(stdout.replaceAll('\n', ''), OBEYED)
      const { stdout: json, document } = await stage.json(['visitors'])
      assert.doesNotMatch(json.replaceAll('\n', ''), OBEYED)
      const [pass] = (document as { passes: { name: string }[] }).passes
      assert.ok(pass?.name.startsWith('\u001b[31mEvil'))
    })
  })

  describe('visits', () => {
    const visit = (visitorId: number, path: string, createdAt: Date, more: object = {}) =>
      stage.VisitorLog.create({
        ...{ visitorId, createdAt, method: 'GET', path, status: 200, userAgent: 'Mozilla/5.0 (X11)' },
        ...{ referrer: '', ip: '192.0.2.7', sessionHash: 'a'.repeat(64), outcome: 'admitted', ...more },
      } as never)

    it('visits lists the requests of one pass, the newest first', async () => {
      const pass = await make({ firstName: 'Kim' })
      const other = await make()
      await visit(pass.id, '/reference', new Date('2026-11-24T10:00:00Z'))
      await visit(pass.id, '/reference/2', new Date('2026-11-24T11:00:05Z'), {
        status: 403,
        outcome: 'expired',
      })
      await visit(other.id, '/other', new Date('2026-11-24T12:00:00Z'))
      for (const name of [pass.uuid, String(pass.id)]) {
        const { code, stdout } = await stage.run(['visits', name])
        assert.equal(code, 0)
        assert.deepEqual(stdout.trimEnd().split('\n').slice(2), [
          'when (UTC)           outcome   status  request           address    browser',
          '2026-11-24 11:00:05  expired      403  GET /reference/2  192.0.2.7  Mozilla/5.0 (X11)',
          '2026-11-24 10:00:00  admitted     200  GET /reference    192.0.2.7  Mozilla/5.0 (X11)',
        ])
        assert.match(stdout, new RegExp(`^Pass ${pass.id}: Kim <kim@example.com>, REFERENCE, open\n`))
      }
      const { document, stdout } = await stage.json(['visits', String(pass.id), '--limit', '1'])
      const { visits, hasMore } = document as { visits: Record<string, unknown>[]; hasMore: boolean }
      assert.equal(hasMore, true)
      assert.deepEqual(
        visits.map(({ path }) => path),
        ['/reference/2'],
      )
      assert.doesNotMatch(stdout, /sessionHash|aaaa/)
    })

    it('visits prints what clients sent without the control characters of a terminal', async () => {
      const pass = await make()
      await visit(pass.id, '/\u001b[2J', new Date(), { userAgent: 'curl\r\nHost: \u009b31m' })
      const { stdout } = await stage.run(['visits', String(pass.id)])
      assert.doesNotMatch(stdout.replaceAll('\n', ''), OBEYED)
      assert.equal(stdout.trimEnd().split('\n').length, 4)
    })

    it('visits prints long texts whole', async () => {
      const pass = await make()
      const path = `/reference/${'x'.repeat(300)}`
      await visit(pass.id, path, new Date())
      assert.ok((await stage.run(['visits', String(pass.id)], { terminal: 100 })).stdout.includes(path))
    })

    it('visits exits with 0 for a pass without visits, and with 1 for no pass', async () => {
      const pass = await make()
      const none = await stage.run(['visits', String(pass.id)])
      assert.equal(none.code, 0)
      assert.match(none.stdout, /No visits\./)
      const missing = await stage.run(['visits', '4711'])
      assert.deepEqual(missing, {
        code: 1,
        stdout: '',
        stderr: 'passport-ephemeral: There is no such pass\n',
      })
      const { code, document } = await stage.json(['visits', '4711'])
      assert.equal(code, 1)
      assert.deepEqual(document, { error: { code: 'ERR_PASS_NOT_FOUND', message: 'There is no such pass' } })
    })
  })

  it('passes that were created yesterday are found', async () => {
    await make()
    await later(4 * DAY, async () => {
      assert.equal((await stage.run(['visitors'])).stdout, 'No passes.\n')
      assert.match((await stage.run(['visitors', '--all'])).stdout, /expired$/m)
    })
  })
})

describe('a database without our tables, or with half of them', () => {
  it('every command explains a missing table in the same way', async () => {
    const stage = await openStage({ sync: false })
    try {
      const commands = [['visitors'], ['visits', '1'], ['stats'], ['invite', ...KIM], ['revoke', '1']]
      const explained = async () => {
        for (const argv of commands) {
          const { code, stdout, stderr } = await stage.run(argv)
          assert.deepEqual([code, stdout], [1, ''], argv.join(' '))
          assert.match(stderr, /^passport-ephemeral: A table or column of passport-ephemeral is missing: /)
          assert.match(
            stderr,
            /\nRun the migrations: passport-ephemeral migrate\. .*doctor lists what is missing\.\n$/,
          )
          assert.equal(stderr.trimEnd().split('\n').length, 2)
        }
      }
      await explained()
      await stage.sequelize.sync()
      // Not removeColumn(), which on SQLite fails at an index of an expression.
      const [table, column] = [quotedTable(stage.Visitor), quotedField(stage.Visitor, 'isActive')]
      await stage.sequelize.query(`ALTER TABLE ${table} DROP COLUMN ${column}`)
      commands.splice(2, 1)
      await explained()
    } finally {
      await stage.close()
    }
  })
})

describe('passes whose links carry bare UUIDs', () => {
  it('visitors prints no bare UUID, which would be a token', async () => {
    const stage = await openStage({ visitor: { secret: false } })
    try {
      const { stdout: link } = await stage.run(['invite', ...KIM])
      const { uuid } = await stage.Visitor.findOne({ rejectOnEmpty: true })
      assert.match(link, new RegExp(uuid)) // the command's user needs it
      for (const argv of [['visitors'], ['visitors', '--json'], ['visits', '1'], ['visits', '1', '--json']]) {
        const { code, stdout, stderr } = await stage.run(argv)
        assert.equal(code, 0)
        assert.doesNotMatch(stdout + stderr, new RegExp(uuid), argv.join(' '))
      }
      assert.equal((await stage.run(['revoke', uuid])).code, 0)
    } finally {
      await stage.close()
    }
  })
})
