import assert from 'node:assert/strict'
import { createHmac } from 'node:crypto'
import { after, before, describe, it } from 'node:test'
import cookieSession from 'cookie-session'
import { AdminAccessDenied, adminRouter } from '../../src/admin/index.js'
import { errorPages } from '../../src/index.js'
import { express, startApplication } from '../support/application.js'
import { CSRF_FIELD, csrfIn, startAdmin, withoutMark, type AdminBrowser, type AdminStage } from './stage.js'

let app: AdminStage
let passId: number
let guestId: number
before(async () => {
  app = await startAdmin(
    {},
    {
      routes(host, { passport }) {
        host.get('/play', passport.authenticate('guest'), (_req, res) => {
          res.end()
        })
        host.use('/elsewhere', (_req, _res, next) => {
          next()
        })
      },
    },
  )
  passId = (await app.Visitor.create({ email: 'fred@example.com', scope: 'SURVEY', context: null })).id
  guestId = (await app.Guest.createGuestUser()).id
})
after(() => app.close())

const pages = (): string[] => [
  '/admin',
  '/admin/',
  '/admin/passes',
  '/admin/passes/invite',
  `/admin/passes/${String(passId)}`,
  '/admin/guests',
  `/admin/guests/${String(guestId)}`,
  '/admin/visits',
  '/admin/visits.csv',
  '/admin/cleanup',
  '/admin/cleanup?count=yes',
  '/admin/doctor',
  '/admin/nothing',
]

const posts = (): [string, object][] => [
  ['/admin/passes/invite', { email: 'x@example.com', scope: 'SURVEY', days: '3' }],
  ['/admin/passes/selected', { id: String(passId), action: 'deactivate', days: '3' }],
  [`/admin/passes/${String(passId)}/deactivate`, {}],
  [`/admin/passes/${String(passId)}/reactivate`, { days: '3' }],
  [`/admin/passes/${String(passId)}/extend`, { days: '3' }],
  [`/admin/passes/${String(passId)}/reissue`, { days: '3' }],
  [`/admin/guests/${String(guestId)}/delete`, { confirmed: 'yes' }],
  ['/admin/cleanup', {}],
]

/** What the posts could change. */
async function state(): Promise<string> {
  const [passes, guests] = await Promise.all([
    app.Visitor.findAll({ order: ['id'], raw: true }),
    app.Guest.findAll({ order: ['userId'], raw: true }),
  ])
  return JSON.stringify([passes, guests])
}

describe('who may see the operator’s pages', () => {
  it('is asked of the application: without authorize, the start fails', () => {
    const { Guest } = app
    assert.throws(() => adminRouter({ Guest } as never), /adminRouter: option 'authorize' must be a function/)
    assert.throws(
      () => adminRouter({ authorize: () => true }),
      /adminRouter: give it Guest, Visitor or VisitorLog/,
    )
    assert.throws(() => adminRouter({ Guest, authorize: () => true, linkUrl: 'nowhere' }), /'linkUrl'/)
    assert.throws(
      () => adminRouter({ Guest, authorize: () => true, cleanup: { dryRun: true } as never }),
      /leave out 'dryRun'/,
    )
    assert.throws(
      () => adminRouter({ Guest, authorize: () => true, cleanup: { batchSize: 0 } }),
      /'batchSize'/,
    )
  })

  it('an anonymous client and a customer get no page, and change nothing', async () => {
    const before = await state()
    const anonymous = app.browser()
    const customer = await app.as('customer')
    for (const path of pages()) {
      for (const answer of [await anonymous.get(path), await customer.get(path)]) {
        assert.equal(answer.status, 403, path)
        assert.equal((answer.body as { code: string }).code, AdminAccessDenied.code)
        assert.equal(answer.headers['cache-control'], 'no-store')
      }
    }
    for (const [path, fields] of posts()) {
      assert.equal((await anonymous.post(path).type('form').send(fields)).status, 403, path)
      assert.equal((await customer.send(path, fields)).status, 403, path)
    }
    assert.equal(await state(), before)
  })

  it('every page is shown to the staff, stored by no cache, and admits no script', async () => {
    const staff = await app.as('staff')
    for (const path of pages()) {
      const { status, headers, text } = await staff.get(path)
      assert.equal(status, path === '/admin/nothing' ? 404 : 200, path)
      assert.equal(headers['cache-control'], 'no-store', path)
      const policy = String(headers['content-security-policy'])
      assert.match(policy, /^default-src 'none'/)
      assert.doesNotMatch(policy, /unsafe|script-src/)
      if (path.includes('.csv')) continue
      assert.match(policy, /form-action 'self'/)
      assert.equal(headers['referrer-policy'], 'strict-origin')
      assert.equal(headers['x-content-type-options'], 'nosniff')
      assert.doesNotMatch(text, /<script|style="|javascript:|\son\w+=/i, path)
    }
  })

  it('a person who may look only sees every page, no form that changes anything, and changes nothing', async () => {
    const before = await state()
    const trainee = await app.as('trainee')
    for (const path of pages()) {
      const { status, text } = await trainee.get(path)
      const isForm = path.endsWith('/invite')
      assert.equal(status, path === '/admin/nothing' ? 404 : isForm ? 403 : 200, path)
      assert.doesNotMatch(text, /method="post"/, path)
    }
    for (const [path, fields] of posts()) {
      const { status, text } = await trainee.send(path, fields)
      assert.equal(status, 403, path)
      assert.match(text, /You may look only/)
    }
    assert.equal(await state(), before)
  })

  it('a form without the token of this session changes nothing', async () => {
    const before = await state()
    const [staff, other] = [await app.as('staff'), await app.as('staff')]
    const form = `/admin/passes/${String(passId)}`
    const foreign = csrfIn(await other.get(form))
    const own = csrfIn(await staff.get(form))
    assert.notEqual(own, '')
    const forged = [undefined, '', 'x', '.', foreign, own.slice(1), `${own}a`, own.split('.')[0], [own, own]]
    for (const [path, fields] of posts())
      for (const csrf of forged) {
        const { status, text } = await staff.send(path, {
          ...fields,
          ...(csrf !== undefined && { [CSRF_FIELD]: csrf }),
        })
        assert.equal(status, 403, `${path} ${String(csrf)}`)
        assert.match(text, /open for too long/)
      }
    assert.equal(await state(), before)
  })

  it('a form that another site posts changes nothing, even with the token', async () => {
    const before = await state()
    const staff = await app.as('staff')
    const csrf = csrfIn(await staff.get(`/admin/passes/${String(passId)}`))
    for (const [path, fields] of posts())
      for (const [name, value] of [
        ['Sec-Fetch-Site', 'cross-site'],
        ['Sec-Fetch-Site', 'same-site'],
        ['Origin', 'https://evil.test'],
        ['Origin', 'null'],
      ] as const) {
        const { status, body } = await staff.send(path, { ...fields, [CSRF_FIELD]: csrf }).set(name, value)
        assert.equal(status, 403)
        assert.equal((body as { code: string }).code, 'ERR_CROSS_SITE_REQUEST')
      }
    assert.equal(await state(), before)
  })

  it('a GET at the address of a change changes nothing', async () => {
    const before = await state()
    const staff = await app.as('staff')
    for (const [path] of posts()) {
      const { status } = await staff.get(path)
      assert.ok(status === 404 || status === 200, path)
    }
    assert.equal(await state(), before)
  })

  it('the token is another on each page, and each of them is taken', async () => {
    const staff = await app.as('staff')
    const [first, second] = [
      csrfIn(await staff.get('/admin/passes')),
      csrfIn(await staff.get('/admin/passes')),
    ]
    assert.notEqual(first, second)
    for (const csrf of [first, second])
      assert.equal((await staff.send('/admin/cleanup', { [CSRF_FIELD]: csrf })).status, 200)
  })
})

describe('the first pages of a session that are opened in parallel', () => {
  const FIRST = 3
  /** Holds the first pages back until each of them has its session. */
  function together(): () => Promise<true> {
    let arrived = 0
    let release = (): void => undefined
    const all = new Promise<void>((resolve) => (release = resolve))
    return async () => {
      if (++arrived === FIRST) release()
      await all
      return true
    }
  }
  const paths = Array<string>(FIRST).fill('/admin/passes/invite')

  it('have forms that all work; a renewed session takes none of them, whatever data it keeps', async () => {
    const opened = await startAdmin(
      { authorize: together() },
      {
        routes(host) {
          host.post('/renew', (req, res, next) => {
            const kept = Object.entries(req.session).filter(([name]) => name !== 'cookie')
            req.session.regenerate((error) => {
              Object.assign(req.session, Object.fromEntries(kept))
              if (error) next(error)
              else res.end()
            })
          })
        },
      },
    )
    try {
      const staff = await opened.as('staff')
      const tokens = (await Promise.all(paths.map((path) => staff.get(path)))).map(csrfIn)
      for (const csrf of tokens) await staff.send('/admin/cleanup', { [CSRF_FIELD]: csrf }).expect(200)
      await staff.send('/renew', {}).expect(200)
      for (const csrf of tokens) await staff.send('/admin/cleanup', { [CSRF_FIELD]: csrf }).expect(403)
      assert.equal((await staff.post('/admin/cleanup', {}, '/admin/passes/invite')).status, 200)
    } finally {
      await opened.close()
    }
  })

  it('have no form where the session has no id, as that of cookie-session: the error tells what to use', async () => {
    const opened = await startApplication({
      before(host) {
        const cookies = express()
        cookies.use(cookieSession({ secret: 'x' }))
        cookies.use((req, res, next) => {
          admin(req, res, next)
        })
        host.use('/admin', cookies, errorPages())
      },
    })
    const { Guest, Visitor } = opened
    const admin = adminRouter({ Guest, Visitor, authorize: () => true })
    try {
      const browser = opened.browser()
      for (const answer of [
        await browser.get('/admin/passes/invite'),
        await browser.post('/admin/cleanup').type('form').send({}),
      ]) {
        assert.equal(answer.status, 500)
        assert.equal((answer.body as { code: string }).code, 'ERR_SESSION_REQUIRED')
      }
    } finally {
      await opened.close()
    }
  })
})

describe('where the application checks a CSRF token of its own before these pages', () => {
  let guarded: AdminStage
  before(async () => {
    guarded = await startAdmin(
      {},
      {
        routes(host) {
          host.use('/admin', express.urlencoded({ extended: false }), (req, res, next) => {
            if (req.method === 'POST' && (req.body as { _csrf?: string })._csrf !== 'of"the host') {
              res.status(403).end('refused by the host')
              return
            }
            Object.assign(req, { csrfToken: () => 'of"the host' })
            next()
          })
        },
      },
    )
  })
  after(() => guarded.close())

  it('each form that changes something has that token beside its own', async () => {
    const { id } = await guarded.Visitor.create({ email: 'f@example.com', scope: 'SURVEY', context: null })
    const guest = await guarded.Guest.createGuestUser()
    const staff = await guarded.as('staff')
    let forms = 0
    for (const path of [
      'passes',
      'passes/invite',
      `passes/${String(id)}`,
      `guests/${String(guest.id)}`,
      'cleanup',
    ]) {
      const { text } = await staff.get(`/admin/${path}`)
      for (const [form] of text.matchAll(/<form method="post".*?<\/form>/gs)) {
        assert.match(form, /name="_csrf"\s+value="of&quot;the host"/, path)
        assert.match(form, /name="page-token"\s+value="[^"]+"/, path)
        forms++
      }
    }
    assert.ok(forms >= 6, String(forms))
    const fields = { _csrf: 'of"the host', days: '3' }
    const path = `/admin/passes/${String(id)}`
    const fresh = await staff.post(`${path}/reissue`, fields, path)
    assert.equal(fresh.status, 200)
  })

  it('the token of the application alone opens nothing', async () => {
    const staff = await guarded.as('staff')
    const { status, text } = await staff.send('/admin/cleanup', { _csrf: 'of"the host' })
    assert.equal(status, 403)
    assert.match(text, /open for too long/)
  })
})

describe('authorize', () => {
  it('admits by true and readOnly only, at once or later', async () => {
    for (const [answer, status] of [
      [true, 200],
      [Promise.resolve(true), 200],
      ['readOnly', 200],
      [Promise.resolve('readOnly'), 200],
      [1, 403],
      ['yes', 403],
      ['full', 403],
      [{}, 403],
      [undefined, 403],
      [null, 403],
      [false, 403],
      [Promise.resolve({ isStaff: true }), 403],
    ] as const) {
      const opened = await startAdmin({ authorize: () => answer as never })
      try {
        assert.equal((await opened.browser().get('/admin')).status, status)
      } finally {
        await opened.close()
      }
    }
  })

  it('refuses by a throw or a rejection, which reaches the application’s error handler', async () => {
    for (const authorize of [
      () => {
        throw new Error('no directory')
      },
      () => Promise.reject(new Error('no directory')),
    ]) {
      const opened = await startAdmin({ authorize })
      try {
        const { status, body } = await opened.browser().get('/admin/passes')
        assert.equal(status, 500)
        assert.equal((body as { message: string }).message, 'no directory')
      } finally {
        await opened.close()
      }
    }
  })

  it('is not even asked about a guest', async () => {
    let asked = 0
    const opened = await startAdmin(
      { authorize: () => (asked += 1) > 0 },
      {
        routes(host, { passport }) {
          host.get('/play', passport.authenticate('guest'), (_req, res) => {
            res.end()
          })
        },
      },
    )
    try {
      const guest = opened.browser()
      await guest.get('/play').expect(200)
      assert.equal((await guest.get('/admin')).status, 403)
      assert.equal(asked, 0)
    } finally {
      await opened.close()
    }
  })

  it('is not asked about a user of whom nothing tells whether it is a guest', async () => {
    let asked = 0
    const opened = await startAdmin(
      { authorize: () => (asked += 1) > 0 },
      {
        routes(host, { passport, User }) {
          host.get('/play', passport.authenticate('guest'), (_req, res) => {
            res.end()
          })
          // As a deserializer of the application's own does it, without `loadGuest`.
          host.use('/admin', async (req, _res, next) => {
            const { id } = req.user as { id: number }
            req.user = (await User.findByPk(id)) ?? undefined
            next()
          })
        },
      },
    )
    try {
      const guest = opened.browser()
      await guest.get('/play').expect(200)
      const { status, body } = await guest.get('/admin')
      assert.deepEqual([status, (body as { code: string }).code], [500, 'ERR_GUEST_STATE_UNKNOWN'])
      assert.equal(asked, 0)
    } finally {
      await opened.close()
    }
  })

  it('an anonymous person is sent to loginUrl, and back; a program and a customer are refused', async () => {
    const opened = await startAdmin({ loginUrl: '/login' })
    try {
      const anonymous = opened.browser()
      const person = await anonymous.get('/admin/passes?q=fred').set('Accept', 'text/html')
      assert.equal(person.status, 302)
      assert.equal(person.headers['location'], '/login?next=%2Fadmin%2Fpasses%3Fq%3Dfred')
      assert.equal((await anonymous.get('/admin').set('Accept', 'application/json')).status, 403)
      assert.equal((await anonymous.post('/admin/cleanup').set('Accept', 'text/html')).status, 403)
      const customer = await opened.as('customer')
      assert.equal((await customer.get('/admin')).status, 403)
    } finally {
      await opened.close()
    }
  })
})

describe('the application around the operator’s pages', () => {
  it('can read forms itself, in whichever way', async () => {
    for (const parser of [
      express.urlencoded({ extended: true }),
      express.urlencoded({ extended: false }),
      express.json(),
    ]) {
      const opened = await startAdmin({}, { before: (host) => host.use(parser) })
      try {
        const pass = await opened.Visitor.create({ email: 'a@example.com', scope: 'S', context: null })
        const staff = await opened.as('staff')
        const path = `/admin/passes/${String(pass.id)}`
        assert.equal((await staff.post(`${path}/deactivate`, {}, path)).status, 303)
        assert.equal((await pass.reload()).isActive, false)
      } finally {
        await opened.close()
      }
    }
  })

  it('can live behind a prefix', async () => {
    const opened = await startAdmin({}, { before: (host) => host.set('baseUrl', 'https://example.org/app') })
    try {
      const pass = await opened.Visitor.create({ email: 'a@example.com', scope: 'S', context: null })
      const staff = await opened.as('staff')
      const { text } = await staff.get('/admin/passes')
      assert.match(text, /href="\/app\/admin\/guests"/)
      assert.match(text, /action="\/app\/admin\/passes\/selected"/)
      assert.doesNotMatch(text, /(href|action)="\/admin/)
      const path = `/admin/passes/${String(pass.id)}`
      const fresh = await staff.post(`${path}/reissue`, { days: '3' }, path)
      assert.match(fresh.text, /class="link">\s*https:\/\/example\.org\/app\/\?vuid=/)
      const after = await staff.post(`${path}/deactivate`, {}, path)
      assert.equal(withoutMark(after.headers), `/app${path}?done=yes`)
      const tellsOf = async (browser: AdminBrowser, query: string): Promise<boolean> =>
        (await browser.get(`${path}?${query}`).expect(200)).text.includes('role="status"')
      const mark = String(after.headers['location']).split('?')[1] ?? ''
      assert.equal(await tellsOf(staff, mark), true)
      const other = await opened.as('staff')
      const empty = createHmac('sha256', '').update('outcome\0sent').digest('base64url')
      for (const forged of [
        'done=yes',
        'done=sent',
        `done=sent.${empty}`,
        mark.replace('yes', 'sent'),
        `${mark}&${mark}`,
      ])
        assert.equal(await tellsOf(staff, forged), false, forged)
      assert.equal(await tellsOf(other, mark), false, 'of another session')
    } finally {
      await opened.close()
    }
  })

  it('can leave models out, whose pages are not there then', async () => {
    const opened = await startAdmin({ Guest: undefined, VisitorLog: undefined } as never)
    try {
      const staff = await opened.as('staff')
      for (const [path, status] of [
        ['/admin', 200],
        ['/admin/passes', 200],
        ['/admin/guests', 404],
        ['/admin/visits', 404],
        ['/admin/visits.csv', 404],
        ['/admin/cleanup?count=yes', 200],
        ['/admin/doctor', 200],
      ] as const)
        assert.equal((await staff.get(path)).status, status, path)
    } finally {
      await opened.close()
    }
  })
})
