import assert from 'node:assert/strict'
import { after, before, describe, it } from 'node:test'
import { Sequelize } from 'sequelize'
import { adminRouter, type PassMessage } from '../../src/admin/index.js'
import { defineVisitorModels, type Visitor } from '../../src/index.js'
import { SECRET } from '../support/application.js'
import { DAY, later, MINUTE } from '../support/clock.js'
import { urlOf as databaseUrl } from '../cli/stage.js'
import { dialect, isEmbedded } from '../support/database.js'
import { collectWarnings } from '../support/warnings.js'
import {
  CSRF_FIELD,
  csrfIn,
  mayEnter,
  readable,
  replacesIn,
  startAdmin,
  untilIn,
  withoutMark,
  type AdminBrowser,
  type AdminStage,
} from './stage.js'

const warnings = collectWarnings()
let app: AdminStage
let staff: AdminBrowser
before(async () => {
  app = await startAdmin({ linkUrl: ({ scope }) => `/${scope.toLowerCase()}?from=desk` })
  staff = await app.as('staff')
})
after(() => app.close())

async function issue(values: Partial<Visitor> = {}): Promise<Visitor> {
  return await app.Visitor.create({
    email: 'fred@example.com',
    scope: 'SURVEY',
    context: null,
    ...values,
  })
}

const found = async (query: string): Promise<string> =>
  readable(await staff.get(`/admin/passes?${query}`).expect(200)).replace(/.*Last used/, '')

describe('the list of passes', () => {
  before(async () => {
    await issue({ firstName: 'Ginger', lastName: 'Rogers', email: 'Ginger@Example.com', scope: 'REFERENCE' })
    await issue({ firstName: 'Fred', lastName: 'Astaire_100%', email: 'fred@example.com' })
    await issue({ email: 'closed@example.com', isActive: false })
    await issue({ email: 'late@example.com', expiresAt: new Date(Date.now() - 1000) })
    const used = await issue({ email: 'used@example.com', maxUses: 1 })
    await app.Visitor.update({ uses: 1 }, { where: { id: used.id } })
  })

  it('finds a pass by its whole address, in any letter case', async () => {
    for (const q of ['ginger@example.com', 'GINGER@EXAMPLE.COM', ' Ginger@Example.com ']) {
      const text = await found(`q=${encodeURIComponent(q)}`)
      assert.match(text, /Ginger Rogers/)
      assert.doesNotMatch(text, /Fred/)
    }
  })

  it('finds passes by parts of a name, an address or a scope', async () => {
    for (const [q, who] of [
      ['ging', 'Ginger'],
      ['rogers ginger', 'Ginger'],
      ['reference', 'Ginger'],
      ['fred@exam', 'Fred'],
      ['ASTAIRE survey', 'Fred'],
    ] as const) {
      const text = await found(`q=${encodeURIComponent(q)}`)
      assert.match(text, new RegExp(who), q)
      assert.doesNotMatch(text, new RegExp(who === 'Fred' ? 'Ginger' : 'Fred Astaire'), q)
    }
  })

  it('takes the wildcards of SQL for what they are', async () => {
    assert.match(await found('q=_100%25'), /Fred Astaire_100%/)
    for (const q of ['%25', '_']) assert.doesNotMatch(await found(`q=${q}`), /Ginger/)
    assert.match(await found("q=' OR 1=1 --"), /No pass matches/)
    assert.match(await found('q=%5C'), /No pass matches/)
  })

  it('shows the passes of a state', async () => {
    assert.match(await found('state=deactivated'), /closed@example\.com Deactivated/)
    assert.match(await found('state=expired'), /late@example\.com Expired/)
    assert.match(await found('state=used-up'), /used@example\.com Used up .* 1 of 1/)
    const open = await found('state=open')
    assert.match(open, /Ginger/)
    assert.doesNotMatch(open, /closed|late|used@/)
  })

  it('answers whatever stands in the query', async () => {
    const wrong = [
      'q[]=a&q[]=b',
      'q[a]=b',
      'state=constructor',
      'state[]=open',
      'q=%00',
      `q=${'x'.repeat(5000)}`,
      'q=%ff%fe',
      'q=%E0%A4%A',
      ...[
        '0',
        '-1',
        '1e9',
        'x',
        '99999999999999999999',
        '9007199254740991',
        '2147483648',
        '1.5',
        "1' OR '1'='1",
        '%00',
      ].map((after) => `after=${after}`),
    ]
    for (const query of wrong) assert.equal((await staff.get(`/admin/passes?${query}`)).status, 200, query)
  })

  it('shows no name or address as HTML', async () => {
    const hostile = '"><script>alert(1)</script><img src=x onerror=alert(1)>'
    const pass = await issue({ firstName: hostile, scope: hostile })
    for (const path of [
      `/admin/passes/${String(pass.id)}`,
      `/admin/passes?q=${encodeURIComponent(hostile)}`,
      '/admin',
    ]) {
      const { text } = await staff.get(path).expect(200)
      assert.doesNotMatch(text, /<script|<img/, path)
    }
    await pass.destroy()
  })

  it('goes from page to page by the key, in as many statements on each', async () => {
    await app.Visitor.bulkCreate(
      Array.from({ length: 120 }, (_, place) => ({
        email: `many-${String(place)}@example.com`,
        scope: 'MANY',
        context: null,
      })),
    )
    app.database.takeStatements()
    let path: string | undefined = '/admin/passes?q=many'
    const seen: string[] = []
    const statements: number[] = []
    while (path !== undefined) {
      app.database.takeStatements()
      const { text }: { text: string } = await staff.get(path).expect(200)
      statements.push(app.database.takeStatements().length)
      seen.push(...[...text.matchAll(/many-(\d+)@example/g)].map(([, place = '']) => place))
      path = /href="([^"]+)">\s*Older entries/.exec(text)?.[1]?.replaceAll('&amp;', '&')
    }
    assert.equal(new Set(seen).size, 120)
    assert.equal(statements.length, 3)
    assert.equal(new Set(statements).size, 1)
  })
})

describe('the fields in which a scope is typed', () => {
  it('offer the scopes of the newest 5,000 passes, in two statements', async () => {
    const issueMany = (scope: string, count: number) =>
      app.Visitor.bulkCreate(
        Array.from({ length: count }, () => ({ email: 'offered@example.com', scope, context: null })),
      )
    await issueMany('BEFORE_THOSE', 1)
    await issueMany('">&lt;OFFERED', 5000)
    for (const path of ['/admin/passes/invite', '/admin/passes']) {
      app.database.takeStatements()
      const { text } = await staff.get(path).expect(200)
      const statements = app.database.takeStatements().filter((sql) => /FROM .Visitors/.test(sql))
      assert.equal(statements.length, path.endsWith('invite') ? 2 : 3, 'the third one reads the list')
      const offered = Array.from(
        /<datalist.*<\/datalist>/s.exec(text)?.[0].matchAll(/value="([^"]*)"/g) ?? [],
      )
      assert.deepEqual(
        offered.map(([, value]) => value),
        ['&quot;&gt;&amp;lt;OFFERED'],
      )
      assert.match(text, /<input[^>]* name="(?:scope|q)"[^>]* list="(?:scope|q)-list"/)
      assert.doesNotMatch(text.replace(/<table.*<\/table>/s, ''), /BEFORE_THOSE/)
    }
    await app.Visitor.destroy({ where: { email: 'offered@example.com' } })
  })
})

describe('one pass', () => {
  const urlOf = ({ id }: Visitor): string => `/admin/passes/${String(id)}`

  it('is shown with its visits and without its token', async () => {
    const pass = await issue({ firstName: 'Cyd' })
    await app.VisitorLog.create({
      ...{
        visitorId: pass.id,
        sessionHash: 'a',
        method: 'GET',
        path: '/<b>path',
        status: 200,
        userAgent: '<i>agent',
      },
      ...{ referrer: '', ip: '192.0.2.1', outcome: 'admitted' as const },
    })
    const { text } = await staff.get(urlOf(pass)).expect(200)
    assert.match(text, /GET \/&lt;b&gt;path → 200/)
    assert.match(text, /&lt;i&gt;agent/)
    const token = new URL(pass.tokenise('https://x.test/')).searchParams.get('vuid') ?? ''
    assert.equal(text.includes(token) || text.includes(pass.uuid), false)
  })

  it('is not there: any other id is answered with 404', async () => {
    for (const id of [
      '0',
      '-1',
      '99999999',
      '99999999999999999999',
      '9007199254740991',
      'x',
      '1;DROP',
      '1%00',
      '%27',
      'constructor',
    ])
      assert.equal((await staff.get(`/admin/passes/${id}`)).status, 404, id)
  })

  it('gets a fresh link, which is shown once, opens the page, and closes the earlier one', async () => {
    const pass = await issue()
    const earlier = pass.tokenise(`${app.origin}/who`)
    const { text, status, headers } = await staff.post(`${urlOf(pass)}/reissue`, { days: '7' }, urlOf(pass))
    assert.equal(status, 200)
    assert.equal(headers['cache-control'], 'no-store')
    const link = /class="link">\s*([^\s<]+)/.exec(text)?.[1]?.replaceAll('&amp;', '&') ?? ''
    assert.ok(link.startsWith(`${app.origin}/survey?from=desk&vuid=`), link)
    const token = new URL(link).searchParams.get('vuid') ?? ''
    const opened = async (address: string) =>
      ((await app.browser().get(address.replace(app.origin, '')).redirects(1)).body as { visitor: unknown })
        .visitor
    assert.equal(await opened(earlier), null)
    assert.deepEqual(await opened(`/who?vuid=${token}`), { id: pass.id, email: pass.email })
    for (const path of [urlOf(pass), `${urlOf(pass)}/reissue`, '/admin/passes'])
      assert.equal((await staff.get(path)).text.includes(token), false)
    const days = ((await pass.reload()).expiresAt.getTime() - Date.now()) / 1000 / DAY
    assert.ok(days > 6.9 && days <= 7)
  })

  it('gets a fresh link that is sent to its mailbox, and shown on no page', async () => {
    const sent: PassMessage[] = []
    const desk = await startAdmin({ linkUrl: '/who', send: (message) => sent.push(message) })
    try {
      const operator = await desk.as('staff')
      const pass = await desk.Visitor.create({ email: 'fred@example.com', scope: 'SURVEY', context: null })
      const page = readable(await operator.get(urlOf(pass)))
      assert.match(page, /Send a fresh link to\s+fred@example\.com/)
      const fields = { days: '7', give: 'send' }
      const { status, headers, text } = await operator.post(`${urlOf(pass)}/reissue`, fields, urlOf(pass))
      assert.deepEqual([status, withoutMark(headers)], [303, `${urlOf(pass)}?done=sent`])
      assert.match(readable(await operator.get(headers['location'] ?? '')), /The message was sent\./)
      const [message] = sent
      assert.ok(message)
      assert.equal(text.includes(message.link), false)
      assert.deepEqual([message.email, message.visitor.id], ['fred@example.com', pass.id])
      assert.equal(message.message.subject, 'Your invitation')
      assert.ok(message.message.text.includes(message.link))
      assert.doesNotMatch(message.message.text, /did not ask/)
      const { body } = await desk.browser().get(message.link.replace(desk.origin, '')).redirects(1)
      assert.deepEqual((body as { visitor: unknown }).visitor, { id: pass.id, email: pass.email })

      const invitation = { email: 'rita@example.com', scope: 'SURVEY', days: '2', give: 'send' }
      const invited = await operator.post('/admin/passes/invite', invitation, '/admin/passes/invite')
      assert.match(withoutMark(invited.headers), /^\/admin\/passes\/\d+\?done=sent$/)
      assert.deepEqual(
        sent.map(({ email }) => email),
        ['fred@example.com', 'rita@example.com'],
      )
    } finally {
      await desk.close()
    }
  })

  it('has its fresh link shown if the message cannot be sent, and the process warns', async () => {
    const desk = await startAdmin({
      linkUrl: '/who',
      send: ({ link }) => Promise.reject(new Error(`no mail server for ${link}`)),
    })
    try {
      const operator = await desk.as('staff')
      const pass = await desk.Visitor.create({ email: 'fred@example.com', scope: 'SURVEY', context: null })
      const fields = { days: '7', give: 'send' }
      const { status, text } = await operator.post(`${urlOf(pass)}/reissue`, fields, urlOf(pass))
      assert.equal(status, 200)
      assert.match(text, /The message could not be sent\. Please send this link yourself\./)
      const link = /class="link">\s*([^\s<]+)/.exec(text)?.[1]?.replaceAll('&amp;', '&') ?? ''
      const { body } = await desk.browser().get(link.replace(desk.origin, '')).redirects(1)
      assert.deepEqual((body as { visitor: unknown }).visitor, { id: pass.id, email: pass.email })
      await new Promise(setImmediate) // Node emits a warning on its next tick
      assert.ok(warnings.some(({ code }) => code === 'ADMIN_SEND_FAILED'))
      const token = new URL(link).searchParams.get('vuid') ?? ''
      assert.equal(
        warnings.some(({ message }) => message.includes(token)),
        false,
      )
    } finally {
      await desk.close()
    }
  })

  it('has its fresh link shown also if what `send` rejects with cannot be read', async () => {
    const refuses = (): never => {
      throw new Error('refused')
    }
    const unreadable = Object.defineProperties(new Error(), {
      stack: { get: refuses },
      message: { get: refuses },
    })
    const desk = await startAdmin({ linkUrl: '/who', send: () => Promise.reject(unreadable) })
    try {
      const operator = await desk.as('staff')
      const pass = await desk.Visitor.create({ email: 'fred@example.com', scope: 'SURVEY', context: null })
      const fields = { days: '7', give: 'send' }
      const { status, text } = await operator.post(`${urlOf(pass)}/reissue`, fields, urlOf(pass))
      assert.equal(status, 200)
      assert.match(text, /class="link">/)
    } finally {
      await desk.close()
    }
  })

  it('gets one fresh link by a double click, and its mailbox one message', async () => {
    const sent: PassMessage[] = []
    const desk = await startAdmin({ linkUrl: '/who', send: (message) => sent.push(message) })
    try {
      const operator = await desk.as('staff')
      const pass = await desk.Visitor.create({ email: 'fred@example.com', scope: 'SURVEY', context: null })
      const page = await operator.get(urlOf(pass))
      const form = { [CSRF_FIELD]: csrfIn(page), replaces: replacesIn(page), days: '7' }
      assert.equal(page.text.includes(pass.uuid), false)
      const click = (fields: object = { give: 'send' }) =>
        operator.send(`${urlOf(pass)}/reissue`, { ...form, ...fields })

      const clicks = await Promise.all([click(), click(), click()])
      assert.deepEqual(clicks.map(({ status }) => status).sort(), [303, 409, 409])
      assert.match(clicks.find(({ status }) => status === 409)?.text ?? '', /The link was replaced already/)
      assert.equal((await click()).status, 409)
      assert.equal(sent.length, 1)
      const { link = '' } = sent[0] ?? {}
      assert.equal((await click({ replaces: '' })).status, 409)
      assert.equal((await click({ replaces: ['', form.replaces] })).status, 409)

      const shown = /class="link">\s*([^\s<]+)/.exec((await click({})).text)?.[1]
      assert.equal(shown?.replaceAll('&amp;', '&'), link, 'the same link, not another one')
      await later(MINUTE + 1, async () => {
        assert.equal((await click({})).status, 409, 'and no later')
      })
      await operator.post(`${urlOf(pass)}/reissue`, { days: '7', give: 'send' }, urlOf(pass))
      assert.equal(sent.length, 2, 'the page as it is now makes another one')
      assert.equal((await click({})).status, 409, 'which the form of the earlier link does not show')
    } finally {
      await desk.close()
    }
  })

  it('shows the same fresh link to each click of a double click, and it opens the page', async () => {
    const pass = await issue()
    const page = await staff.get(urlOf(pass))
    const form = { [CSRF_FIELD]: csrfIn(page), replaces: replacesIn(page), days: '7' }
    const clicks = await Promise.all([1, 2, 3].map(() => staff.send(`${urlOf(pass)}/reissue`, form)))
    const links = clicks.map(({ text }) => /class="link">\s*([^\s<]+)/.exec(text)?.[1] ?? '')
    assert.equal(new Set(links).size, 1)
    const token = new URL(links[0]?.replaceAll('&amp;', '&') ?? '').searchParams.get('vuid') ?? ''
    const { body } = await app.browser().get(`/who?vuid=${token}`).redirects(1)
    assert.deepEqual((body as { visitor: unknown }).visitor, { id: pass.id, email: pass.email })
    assert.equal((await staff.send(`${urlOf(pass)}/reissue`, form)).status, 409, 'not once it was used')
  })

  // The embedded database and SQLite's file belong to one process.
  const isShared = !isEmbedded && dialect !== 'sqlite'
  it('does not show the fresh link of one operator to another who has the same page open', async () => {
    const [pass, other] = [await issue(), await app.as('staff')]
    const pages = [await staff.get(urlOf(pass)), await other.get(urlOf(pass))]
    const [first, second] = pages.map((page) => ({
      [CSRF_FIELD]: csrfIn(page),
      replaces: replacesIn(page),
      days: '3',
    }))
    let reissued = 0
    app.Visitor.events.on('reissued', () => reissued++)
    const shown = await staff.send(`${urlOf(pass)}/reissue`, first ?? {}).expect(200)
    const refused = await other.send(`${urlOf(pass)}/reissue`, second ?? {}).expect(409)
    assert.match(shown.text, /class="link">/)
    assert.doesNotMatch(refused.text, /class="link">|vuid=/)
    assert.match(readable(refused), /The link was replaced already/)
    assert.equal(reissued, 1)
  })

  it('gets one fresh link, also if two processes get a click each', { skip: !isShared }, async () => {
    const sent: PassMessage[] = []
    const send = (message: PassMessage): unknown => sent.push(message)
    let pool: Sequelize | undefined
    const desk = await startAdmin(
      { linkUrl: '/who', send },
      {
        routes(host, { sequelize }) {
          pool = new Sequelize(databaseUrl(sequelize), { logging: false })
          const { Visitor } = defineVisitorModels(pool, { secret: SECRET })
          host.use('/other', adminRouter({ Visitor, authorize: mayEnter, linkUrl: '/who', send }))
        },
      },
    )
    try {
      const operator = await desk.as('staff')
      for (let round = 1; round <= 5; round++) {
        const pass = await desk.Visitor.create({ email: 'fred@example.com', scope: 'SURVEY', context: null })
        const page = await operator.get(urlOf(pass))
        const form = { [CSRF_FIELD]: csrfIn(page), replaces: replacesIn(page), days: '7', give: 'send' }
        const clicks = await Promise.all(
          ['/admin', '/other'].map((mount) =>
            operator.send(`${mount}/passes/${String(pass.id)}/reissue`, form),
          ),
        )
        assert.deepEqual(clicks.map(({ status }) => status).sort(), [303, 409])
        assert.equal(sent.length, round)
      }
    } finally {
      await pool?.close()
      await desk.close()
    }
  })

  it('gets no link while the application’s address is not configured: it is not taken from Host', async () => {
    const opened = await startAdmin({}, { routes: (host) => host.set('baseUrl', undefined) })
    const pass = await opened.Visitor.create({ email: 'fred@example.com', scope: 'SURVEY', context: null })
    const { uuid } = pass
    try {
      const operator = await opened.as('staff')
      const { status, text } = await operator.post(`${urlOf(pass)}/reissue`, { days: '3' }, urlOf(pass))
      assert.equal(status, 409)
      assert.match(text, /No link can be made yet/)
      assert.equal((await pass.reload()).uuid, uuid)
    } finally {
      await opened.close()
    }
  })

  it('is deactivated, reactivated and extended; each change is an event that tells who made it', async () => {
    const told: [string, unknown, unknown][] = []
    for (const name of ['issued', 'reissued', 'deactivated', 'reactivated'] as const)
      app.Visitor.events.on(name, ({ visitor, actor, req }) => told.push([name, actor, req && visitor.email]))
    const operator = (await app.User.findOne({ where: { username: 'staff' } }))?.id
    const invited = await staff.post(
      '/admin/passes/invite',
      {
        email: ' Rita@Example.com ',
        firstName: 'Rita',
        lastName: '',
        scope: 'SURVEY',
        days: '2',
        maxUses: '1',
      },
      '/admin/passes/invite',
    )
    assert.match(invited.text, /class="link">/)
    const pass = await app.Visitor.findOne({ where: { firstName: 'Rita' }, rejectOnEmpty: true })
    assert.equal(pass.maxUses, 1)
    const change = async (action: string, days?: string) => {
      const { status, headers } = await staff.post(`${urlOf(pass)}/${action}`, { days }, urlOf(pass))
      assert.equal(status, 303)
      assert.equal(withoutMark(headers), `${urlOf(pass)}?done=yes`)
      return await pass.reload()
    }
    assert.equal((await change('deactivate')).isActive, false)
    assert.equal((await change('reactivate', '30')).isActive, true)
    assert.ok((await change('extend', '60')).expiresAt.getTime() > Date.now() + 59 * DAY * 1000)
    await staff.post(`${urlOf(pass)}/reissue`, { days: '1' }, urlOf(pass))
    const { email } = pass
    assert.deepEqual(told, [
      ['issued', operator, email],
      ['deactivated', operator, email],
      ['reactivated', operator, email],
      ['reactivated', operator, email],
      ['reissued', operator, email],
    ])
    for (const name of ['issued', 'reissued', 'deactivated', 'reactivated'] as const)
      assert.ok(app.Visitor.events.hasListener(name))
  })

  it('is open for longer after it was extended, never for less, and no longer than a date can be', async () => {
    const days = async (pass: Visitor, more: string): Promise<number> => {
      const { status } = await staff.post(`${urlOf(pass)}/extend`, { days: more }, urlOf(pass))
      assert.equal(status, 303)
      return Math.round(((await pass.reload()).expiresAt.getTime() - Date.now()) / 1000 / DAY)
    }
    const inDays = (count: number): Date => new Date(Date.now() + count * DAY * 1000)
    const pass = await issue({ expiresAt: inDays(30) })
    assert.equal(await days(pass, '3'), 33)
    assert.equal(await days(pass, '3650'), 3650)
    assert.equal(await days(await issue({ expiresAt: inDays(-30) }), '3'), 3, 'an expired one from now on')
    const last = new Date('9999-12-31T00:00:00Z')
    const endless = await issue({ expiresAt: last })
    await days(endless, '3650')
    assert.ok(Math.abs(endless.expiresAt.getTime() - last.getTime()) < 2000)
    assert.match(readable(await staff.get(urlOf(pass))), /adds the days to those that are left.* Days to add/)
  })

  for (const [how, path, fields] of [
    ['on its page', (id: string) => `/admin/passes/${id}/extend`, () => ({})],
    ['with others', () => '/admin/passes/selected', (id: string) => ({ id, action: 'extend' })],
  ] as const)
    it(`stays closed if it is deactivated while it is being extended ${how}`, async () => {
      const pass = await issue()
      const id = String(pass.id)
      const page = await staff.get(urlOf(pass))
      const [token, until] = [csrfIn(page), untilIn(page)]
      let isClosed = false
      app.Visitor.addHook('afterFind', 'meanwhile', async () => {
        if (isClosed) return
        isClosed = true
        await app.Visitor.update({ isActive: false }, { where: { id: pass.id } })
      })
      try {
        const form = { [CSRF_FIELD]: token, days: '3', ...until, ...fields(id) }
        const { status, headers } = await staff.send(path(id), form)
        assert.equal(status, 303)
        assert.doesNotMatch(String(headers['location']), /done=/)
      } finally {
        app.Visitor.removeHook('afterFind', 'meanwhile')
      }
      const { expiresAt } = pass
      await pass.reload()
      assert.deepEqual([isClosed, pass.isActive, pass.expiresAt], [true, false, expiresAt])
    })

  for (const [how, path, fields] of [
    ['on its page', (pass: Visitor) => `${urlOf(pass)}/extend`, () => ({})],
    [
      'with others',
      () => '/admin/passes/selected',
      ({ id }: Visitor) => ({ id: String(id), action: 'extend' }),
    ],
  ] as const)
    for (const [state, left] of [
      ['open', 30],
      ['expired', -30],
    ] as const)
      it(`gets the days of one click by a double click, ${how}, if it is ${state}`, async () => {
        const pass = await issue({ expiresAt: new Date(Date.now() + left * DAY * 1000) })
        const page = await staff.get(urlOf(pass))
        const form = { [CSRF_FIELD]: csrfIn(page), ...untilIn(page), days: '3', ...fields(pass) }
        const answers = await Promise.all([1, 2, 3].map(() => staff.send(path(pass), form)))
        for (const { headers } of answers) assert.match(String(headers['location']), /done=yes/)
        const days = ((await pass.reload()).expiresAt.getTime() - Date.now()) / 1000 / DAY
        assert.equal(Math.round(days), Math.max(left, 0) + 3)
        const later = await staff.send(path(pass), { ...form, days: '5' }).expect(303)
        assert.doesNotMatch(String(later.headers['location']), /done=/, 'another change came first')
        const { expiresAt } = pass
        assert.deepEqual((await pass.reload()).expiresAt, expiresAt)
      })

  it('is not extended by a form that does not name until when it was open', async () => {
    const pass = await issue()
    const token = csrfIn(await staff.get(urlOf(pass)))
    for (const until of [undefined, '', 'x', '-1', '1e3', '9'.repeat(16), '0'])
      await staff
        .send(`${urlOf(pass)}/extend`, {
          [CSRF_FIELD]: token,
          days: '3',
          [`until-${String(pass.id)}`]: until,
        })
        .expect(303)
    const { expiresAt } = pass
    assert.deepEqual((await pass.reload()).expiresAt, expiresAt)
  })

  it('has a number on its page and in the list, and tells whether a fresh link opens it again', async () => {
    const pass = await issue({ email: 'numbered@example.com' })
    assert.match(await found('q=numbered@example.com'), new RegExp(` ${String(pass.id)} `))
    const shown = async (): Promise<string> => readable(await staff.get(urlOf(pass)))
    assert.match(await shown(), new RegExp(`Number ${String(pass.id)} `))
    assert.doesNotMatch(await shown(), /a fresh link opens it again/)
    await pass.deactivate()
    assert.match(await shown(), /This pass is deactivated: a fresh link opens it again\./)
  })

  it('is not changed by a number of days that is none, nor by another action', async () => {
    const pass = await issue()
    for (const days of [undefined, '', '0', '-1', '1e3', '99999', '1.5', 'x', ['1', '2']])
      for (const action of ['reissue', 'extend', 'reactivate'])
        assert.equal(
          (await staff.post(`${urlOf(pass)}/${action}`, { days }, urlOf(pass))).status,
          422,
          String(days),
        )
    for (const action of ['destroy', 'constructor', 'update', 'toString'])
      assert.equal((await staff.post(`${urlOf(pass)}/${action}`, { days: '1' }, urlOf(pass))).status, 404)
    const { uuid, expiresAt } = pass
    const after = await pass.reload()
    assert.deepEqual([after.uuid, after.expiresAt], [uuid, expiresAt])
  })
})

describe('several passes at once', () => {
  it('are changed by one form, and the list is shown as before', async () => {
    const passes = [await issue(), await issue(), await issue()]
    const [first, second, third] = passes.map(({ id }) => String(id))
    const answer = await staff.post(
      '/admin/passes/selected',
      {
        id: [first, second, 'x', '0', '99999999999999999999'],
        action: 'deactivate',
        days: '3',
        q: 'fred',
        state: 'open',
      },
      '/admin/passes',
    )
    assert.equal(answer.status, 303)
    assert.equal(withoutMark(answer.headers), '/admin/passes?q=fred&state=open&done=yes')
    for (const pass of passes) await pass.reload()
    assert.deepEqual(
      passes.map(({ isActive }) => isActive),
      [false, false, true],
    )
    assert.equal(third, String(passes[2]?.id))
  })

  it('are not changed by the Enter key, which presses the first button of a form', async () => {
    const { text } = await staff.get('/admin/passes').expect(200)
    const form = /action="\/admin\/passes\/selected".*<\/form>/s.exec(text)?.[0] ?? ''
    const buttons = Array.from(form.matchAll(/<button([^>]*)>/g), ([, attributes = '']) => attributes.trim())
    assert.equal(buttons[0], 'hidden')
    assert.match(String(buttons.at(-1)), /value="deactivate"/)
    const pass = await issue()
    const token = csrfIn({ text })
    const answer = await staff.send('/admin/passes/selected', {
      [CSRF_FIELD]: token,
      days: '3',
      id: String(pass.id),
    })
    assert.match(
      readable(answer),
      /Nothing was changed Go back, tick at least one pass, and press one of the buttons/,
    )
  })

  it('are not changed without a choice, or by an action that is none', async () => {
    const pass = await issue()
    const token = csrfIn(await staff.get('/admin/passes'))
    for (const fields of [
      { action: 'deactivate' },
      { id: String(pass.id) },
      { id: String(pass.id), action: 'destroy' },
      { 'id[a]': '1', action: 'deactivate' },
    ])
      assert.equal(
        (await staff.send('/admin/passes/selected', { [CSRF_FIELD]: token, days: '3', ...fields })).status,
        422,
      )
    assert.equal((await pass.reload()).isActive, true)
    const nothing = await staff.send('/admin/passes/selected', { [CSRF_FIELD]: token, state: 'open' })
    assert.match(nothing.text, /href="\/admin\/passes\?state=open"/)
  })
})

describe('the form to invite a person', () => {
  const send = (fields: object) =>
    staff.post(
      '/admin/passes/invite',
      { days: '3', scope: 'SURVEY', email: 'a@example.com', ...fields },
      '/admin/passes/invite',
    )

  it('tells beside each field what is wrong, and stores nothing', async () => {
    const before = await app.Visitor.count()
    for (const [fields, field] of [
      [{ email: 'nobody' }, 'email'],
      [{ email: '' }, 'email'],
      [{ email: ['a@example.com', 'b@example.com'] }, 'email'],
      [{ firstName: 'x'.repeat(151) }, 'firstName'],
      [{ scope: ' ' }, 'scope'],
      [{ scope: '*' }, 'scope'],
      [{ scope: 'x'.repeat(101) }, 'scope'],
      [{ scope: 'SUR\u200bVEY\u202e' }, 'scope'],
      [{ days: '0' }, 'days'],
      [{ days: '99999' }, 'days'],
      [{ maxUses: '-1' }, 'maxUses'],
      [{ maxUses: 'many' }, 'maxUses'],
    ] as const) {
      const { status, text } = await send(fields)
      assert.equal(status, 422, JSON.stringify(fields))
      assert.match(text, new RegExp(`id="${field}-error"`))
    }
    assert.equal(await app.Visitor.count(), before)
  })

  it('stores one pass by a double click, sends one message, and is one event', async () => {
    const sent: PassMessage[] = []
    const desk = await startAdmin({ linkUrl: '/who', send: (message) => sent.push(message) })
    try {
      const operator = await desk.as('staff')
      let issued = 0
      desk.Visitor.events.on('issued', () => (issued += 1))
      const page = csrfIn(await operator.get('/admin/passes/invite'))
      const click = (fields: object) =>
        operator.send('/admin/passes/invite', {
          ...{ [CSRF_FIELD]: page, email: 'a@example.com', scope: 'SURVEY', days: '3' },
          ...fields,
        })
      const clicks = await Promise.all([1, 2, 3].map(() => click({ give: 'send' })))
      assert.deepEqual(clicks.map(({ status }) => status).sort(), [303, 409, 409])
      const refused = clicks.find(({ status }) => status === 409)
      assert.match(refused?.text ?? '', /This invitation was made already.*href="\/admin\/passes\/\d+"/s)
      assert.deepEqual([await desk.Visitor.count(), sent.length, issued], [1, 1, 1])

      const other = { email: 'b@example.com', give: 'show' }
      const links = (await Promise.all([click(other), click(other)])).map(
        ({ text }) => /class="link">\s*([^\s<]+)/.exec(text)?.[1],
      )
      assert.equal(links[0]?.startsWith(desk.origin), true)
      assert.equal(links[0], links[1], 'the same link')
      assert.deepEqual([await desk.Visitor.count(), issued], [2, 2], 'the form with another address')
      await later(MINUTE + 1, async () => {
        assert.equal((await click(other)).status, 409)
      })
      const [pass] = await desk.Visitor.findAll({ where: { email: 'b@example.com' } })
      const shown = await operator.get('/admin/passes/invite')
      assert.equal(shown.text.includes(pass?.uuid ?? ''), false)
      assert.equal(
        (
          await operator.post(
            '/admin/passes/invite',
            { ...other, scope: 'S', days: '3' },
            '/admin/passes/invite',
          )
        ).status,
        200,
      )
      assert.equal(await desk.Visitor.count(), 3, 'the form, shown again, stores another one')
    } finally {
      await desk.close()
    }
  })

  it('stores a pass without characters that no text can hold', async () => {
    const { status, text } = await send({ firstName: 'Gene\0', lastName: 'Kelly\u202e' })
    assert.equal(status, 200)
    assert.match(text, /class="link">/)
  })

  it('is shown again with what was typed, if it is of a session that has ended', async () => {
    const before = await app.Visitor.count()
    const typed = { email: 'typed@example.com', firstName: '<Cyd>', scope: 'SURVEY', days: '5' }
    const outdated = {
      ...typed,
      [CSRF_FIELD]: csrfIn(await (await app.as('staff')).get('/admin/passes/invite')),
    }
    const answer = await staff.send('/admin/passes/invite', outdated)
    assert.equal(answer.status, 403)
    assert.match(readable(answer), /This page was open for too long, so nothing was stored yet/)
    assert.match(answer.text, /value="typed@example\.com".*value="&lt;Cyd&gt;".*value="SURVEY".*value="5"/s)
    assert.equal(await app.Visitor.count(), before)
    const again = { ...typed, [CSRF_FIELD]: csrfIn(answer) }
    assert.equal((await staff.send('/admin/passes/invite', again)).status, 200)
    assert.equal(await app.Visitor.count(), before + 1)
  })

  it('refuses a form that is too large', async () => {
    const { status } = await send({ firstName: 'x'.repeat(40_000) })
    assert.equal(status, 413)
  })
})
