import assert from 'node:assert/strict'
import { createServer, request, type RequestListener, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import { after, before, describe, it } from 'node:test'
import type { Application } from 'express'
import {
  convertRouter,
  ensureGuest,
  ensureRegularUser,
  ensureVisitor,
  guestLocals,
  guestLogout,
  mergeGuest,
  selfServiceRouter,
} from '../../src/index.js'
import { ginger, HTML } from '../guest/conversion/stage.js'
import { BROWSER, express, startApplication, whoIs, type TestApp, type Who } from '../support/application.js'

/** An application with every router and guard, the messages that it sends, and the server that the public reaches. */
interface Stage {
  readonly app: TestApp
  readonly links: string[]
  readonly origin: string
  readonly close: () => Promise<void>
}

type Front = (upstream: string, application: Application) => RequestListener

interface Choices {
  readonly front: Front
  /** The address of the application, if it is configured on the application. */
  readonly baseUrl?: (origin: string) => string
  /** The same, if the routers have it. */
  readonly routerBaseUrl?: (origin: string) => string
  readonly trustProxy?: boolean
}

async function start({ front, baseUrl, routerBaseUrl, trustProxy = false }: Choices): Promise<Stage> {
  const links: string[] = []
  let origin = ''
  let application: Application | undefined
  const app = await startApplication({
    before(host) {
      application = host
      host.set('trust proxy', trustProxy && 'loopback')
      if (baseUrl) host.set('baseUrl', () => baseUrl(origin))
    },
    routes(host, { passport, Guest, Visitor }) {
      const ofRouter = routerBaseUrl && { baseUrl: () => routerBaseUrl(origin) }
      const send = ({ link }: { readonly link: string }): void => {
        links.push(link)
      }
      host.use(guestLocals(), mergeGuest({ Guest }))
      host.post(
        '/sign-in',
        express.urlencoded({ extended: false }),
        passport.authenticate('local'),
        (_req, res) => {
          res.json({})
        },
      )
      host.get('/play', passport.authenticate('guest'), (req, res) => {
        res.json(whoIs(req))
      })
      host.get('/locals', (_req, res) => {
        res.json({ convertUrl: res.locals['convertUrl'] as string })
      })
      host.get('/tour', ensureGuest, (_req, res) => {
        res.json({})
      })
      host.get('/settings', ensureRegularUser, (req, res) => {
        res.json(whoIs(req))
      })
      host.all('/reference', ensureVisitor('REFERENCE', { selfService: true }), (req, res) => {
        res.json(whoIs(req))
      })
      host.all('/logout', guestLogout())
      host.use('/visitor', selfServiceRouter({ Visitor, send, ...ofRouter }))
      host.use(
        '/convert',
        convertRouter({
          Guest,
          hashPassword: (password) => password.length.toString(),
          verifyEmail: { send, ...ofRouter },
        }),
      )
    },
  })
  assert.ok(application)
  const server = createServer(front(app.origin, application))
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  origin = `http://127.0.0.1:${String((server.address() as AddressInfo).port)}`
  return { app, links, origin, close: () => close(server, app) }
}

async function close(server: Server, app: TestApp): Promise<void> {
  server.closeAllConnections()
  await new Promise((resolve) => server.close(resolve))
  await app.VisitorLog.flush()
  await app.close()
}

/** A proxy that removes `/app` from the addresses, and asks the application under its internal name. */
const strippingProxy =
  (headers: Readonly<Record<string, string>> = {}): Front =>
  (upstream) =>
  (req, res) => {
    const { host = '', ...others } = req.headers
    const path = req.url?.startsWith('/app/') ? req.url.slice('/app'.length) : undefined
    if (path === undefined) {
      res.writeHead(404).end()
      return
    }
    const forwarded = headers['x-forwarded-prefix'] === undefined ? {} : { 'x-forwarded-host': host }
    const options = { method: req.method, path, headers: { ...others, ...forwarded, ...headers } }
    const asked = request(upstream, options, (answer) => {
      res.writeHead(answer.statusCode ?? 502, answer.headers)
      answer.pipe(res)
    })
    req.pipe(asked)
  }

const mounted: Front = (_upstream, application) => express().use('/app', application)

/** A browser over plain HTTP: no Fetch Metadata, an `Origin` with every form. */
class Browser {
  private readonly cookies = new Map<string, string>()

  constructor(private readonly origin: string) {}

  async get(address: string): Promise<{ status: number; location: string; text: string }> {
    return await this.send(address, {})
  }

  async post(address: string, form: Readonly<Record<string, string>> = {}, from = this.origin) {
    const body = new URLSearchParams(form)
    return await this.send(address, { method: 'POST', body, headers: { origin: from } })
  }

  private async send(address: string, { headers, ...init }: RequestInit) {
    const cookie = [...this.cookies].map(([name, value]) => `${name}=${value}`).join('; ')
    const response = await fetch(new URL(address, this.origin), {
      ...init,
      redirect: 'manual',
      headers: { 'user-agent': BROWSER, accept: HTML, cookie, ...(headers as Record<string, string>) },
    })
    for (const set of response.headers.getSetCookie()) {
      assert.match(set, /^visitor-address=.*; Path=\/app\/visitor;|; Path=\/;/)
      const [, name = '', value = ''] = /^([^=]+)=([^;]*)/.exec(set) ?? []
      this.cookies.set(name, value)
    }
    const text = await response.text()
    return { status: response.status, location: response.headers.get('location') ?? '', text }
  }
}

const actionOf = (page: { readonly text: string }): string =>
  (/action="([^"]*)"/.exec(page.text)?.[1] ?? '').replaceAll('&amp;', '&')

const places: readonly [string, Choices][] = [
  [
    'behind a proxy that removes a prefix, by the setting baseUrl',
    { front: strippingProxy(), baseUrl: (origin) => `${origin}/app` },
  ],
  [
    'behind a proxy that names the prefix that it removes',
    {
      front: strippingProxy({ 'x-forwarded-prefix': '/app' }),
      routerBaseUrl: (origin) => `${origin}/app/`,
      trustProxy: true,
    },
  ],
  ['mounted below another application', { front: mounted, baseUrl: (origin) => `${origin}/app` }],
  [
    'mounted below another application, whose routers have the option too',
    {
      front: mounted,
      baseUrl: (origin) => `${origin}/app`,
      routerBaseUrl: (origin) => `${origin}/app`,
    },
  ],
]

for (const [place, choices] of places) {
  describe(`an application ${place}`, () => {
    let stage: Stage
    let browser: Browser
    before(async () => {
      stage = await start(choices)
    })
    after(() => stage.close())
    const fresh = (): Browser => (browser = new Browser(stage.origin))

    it('redirects to its own pages, and back', async () => {
      fresh()
      assert.equal((await browser.get('/app/settings')).location, '/app/login?next=%2Fapp%2Fsettings')
      assert.equal((await browser.get('/app/tour')).location, '/app/login')
      await browser.get('/app/play')
      assert.equal((await browser.get('/app/settings')).location, '/app/convert?next=%2Fapp%2Fsettings')
      const locals = JSON.parse((await browser.get('/app/locals')).text) as { convertUrl: string }
      assert.equal(locals.convertUrl, '/app/convert?next=%2Fapp%2Flocals')
    })

    it('converts a guest by a link that leads to it, and leads back to the page first asked for', async () => {
      fresh()
      await browser.get('/app/play')
      const action = actionOf(await browser.get('/app/convert?next=%2Fapp%2Fsettings'))
      assert.equal(action, '/app/convert?next=%2Fapp%2Fsettings')
      const sent = await browser.post(action, ginger)
      assert.equal(sent.location, '/app/convert/sent?next=%2Fapp%2Fsettings')
      const link = stage.links.pop() ?? ''
      assert.ok(link.startsWith(`${stage.origin}/app/convert/verify?next=%2Fapp%2Fsettings&token=`), link)
      const page = await browser.get(link)
      assert.equal(stage.origin + actionOf(page), link)
      assert.equal((await browser.post(actionOf(page))).location, '/app/settings')
      const who = JSON.parse((await browser.get('/app/settings')).text) as Who
      assert.equal(who.user?.username, 'ginger')
      assert.equal((await browser.get('/app/tour')).location, '/app/')
    })

    it('lets a guest leave', async () => {
      fresh()
      await browser.get('/app/play')
      const page = await browser.get('/app/logout')
      assert.equal(actionOf(page), '/app/logout?confirm=yes')
      assert.match(page.text, /href="\/app\/convert"/)
      const refused = await browser.post(actionOf(page), {}, 'https://evil.test')
      assert.equal(refused.status, 403)
      assert.equal((await browser.post(actionOf(page))).location, '/app/')
    })

    it('merges a guest who logs in from its own pages, and none whom another site logs in', async () => {
      fresh()
      await stage.app.User.findOrCreate({ where: { username: 'kim' } })
      await browser.get('/app/play')
      const form = { username: 'kim', password: 'x' }
      assert.equal((await browser.post('/app/sign-in', form, 'https://evil.test')).status, 403)
      assert.equal((await browser.post('/app/sign-in', form)).status, 200)
      const who = JSON.parse((await browser.get('/app/settings')).text) as Who
      assert.equal(who.user?.username, 'kim')
    })

    it('gives a visitor a pass by self-service', async () => {
      fresh()
      const { location } = await browser.get('/app/reference?page=2')
      assert.match(location, /^\/app\/visitor\?for=/)
      const page = await browser.get(location)
      assert.equal(page.status, 200)
      assert.equal(actionOf(page), location)
      const form = { firstName: 'Kim', lastName: 'Doe', email: 'kim@example.test' }
      assert.equal((await browser.post(location, form, 'https://evil.test')).status, 403)
      assert.match((await browser.post(location, form)).location, /^\/app\/visitor\/sent\?for=/)
      const link = stage.links.pop() ?? ''
      assert.ok(link.startsWith(`${stage.origin}/app/reference?page=2&vuid=`), link)
      assert.equal((await browser.get(link)).location, '/app/reference?page=2')
      const who = JSON.parse((await browser.get('/app/reference?page=2')).text) as Who
      assert.equal(who.visitor?.email, 'kim@example.test')
    })

    it('redeems a limited link by its button', async () => {
      fresh()
      const pass = await stage.app.Visitor.create({
        email: 'kim@example.test',
        scope: 'REFERENCE',
        maxUses: 1,
      })
      const link = pass.tokenise('/app/reference')
      const page = await browser.get(link)
      assert.equal(actionOf(page), link)
      assert.equal((await browser.post(actionOf(page))).location, '/app/reference')
      assert.equal((await browser.get('/app/reference')).status, 200)
    })
  })
}

describe('a prefix that is named in X-Forwarded-Prefix', () => {
  let stage: Stage
  before(async () => {
    stage = await start({ front: strippingProxy(), trustProxy: true })
  })
  after(() => stage.close())

  const locationFor = async (origin: string, prefix: string): Promise<string> => {
    const headers = { 'user-agent': BROWSER, accept: HTML, 'x-forwarded-prefix': prefix }
    const response = await fetch(`${origin}/settings`, { redirect: 'manual', headers })
    return response.headers.get('location') ?? ''
  }

  for (const prefix of [
    '//evil.test',
    '/\\evil.test',
    '\\/evil.test',
    'https://evil.test',
    '/a//evil.test',
    '/.evil/..',
    '/a/../b',
    '/a b',
    '/a\tb',
    '/%2fevil.test',
    '/a?b',
    '/a#b',
    'a',
    '/',
    '/@evil.test',
  ]) {
    it(`is ignored if it is no plain path: ${JSON.stringify(prefix)}`, async () => {
      assert.equal(await locationFor(stage.app.origin, prefix), '/login?next=%2Fsettings')
    })
  }

  it('is taken from the first of several proxies, without a slash at its end', async () => {
    assert.equal(
      await locationFor(stage.app.origin, '/one/two/, /three'),
      '/one/two/login?next=%2Fone%2Ftwo%2Fsettings',
    )
  })

  it('is ignored if the proxy is not trusted', async () => {
    const other = await start({ front: strippingProxy() })
    assert.equal(await locationFor(other.app.origin, '/app'), '/login?next=%2Fsettings')
    await other.close()
  })
})

describe('a form whose message would have no link', () => {
  it('is not shown if neither its router nor the application has baseUrl', async () => {
    const stage = await start({ front: strippingProxy() })
    const { location } = await new Browser(stage.app.origin).get('/reference')
    for (const path of [location, '/convert']) {
      const browser = new Browser(stage.app.origin)
      await browser.get('/play')
      const { status, text } = await browser.get(path)
      assert.equal(status, 500)
      assert.match(text, /app\.set\('baseUrl'/)
    }
    await stage.close()
  })

  it('is not shown if the setting baseUrl is no web address', async () => {
    const stage = await start({ front: strippingProxy(), baseUrl: () => 'example.com//app' })
    const { status, text } = await new Browser(stage.app.origin).get('/settings')
    assert.equal(status, 500)
    assert.match(text, /baseUrl must be/)
    await stage.close()
  })
})
