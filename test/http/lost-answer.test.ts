import assert from 'node:assert/strict'
import { request } from 'node:http'
import { afterEach, describe, it } from 'node:test'
import { setTimeout } from 'node:timers/promises'
import type { Request, RequestHandler } from 'express'
import { convertRouter } from '../../src/index.js'
import { BROWSER, express, startApplication, whoIs, type TestApp, type Who } from '../support/application.js'

let app: TestApp | undefined
afterEach(async () => {
  await app?.close()
  app = undefined
})

/** How long a handler works, in milliseconds: the second click comes meanwhile. */
const WORK_MS = 150

async function start(): Promise<TestApp> {
  app = await startApplication({
    routes(host, { passport, User, Guest }) {
      host.get('/play', passport.authenticate('guest'), (req, res) => res.json(whoIs(req)))
      host.get('/log-in', (req, res, next) => {
        User.create({ username: 'fred' }).then((user) => {
          req.login(user, (error) => {
            if (error) next(error)
            else res.json(whoIs(req))
          })
        }, next)
      })
      const slowly =
        (work: (req: Request, done: (error?: unknown) => void) => void): RequestHandler =>
        (req, res, next) => {
          void setTimeout(WORK_MS).then(() => {
            work(req, (error) => {
              if (error) next(error)
              else res.json(whoIs(req))
            })
          })
        }
      host.get(
        '/log-out',
        slowly((req, done) => {
          req.logout(done)
        }),
      )
      host.get(
        '/log-out-and-destroy',
        slowly((req, done) => {
          req.logout(() => {
            req.session.destroy(done)
          })
        }),
      )
      host.get(
        '/own-log-in',
        slowly((req, done) => {
          req.session.regenerate(() => {
            Object.assign(req.session, { userId: 7 })
            done()
          })
        }),
      )
      host.get('/add', (req, res) => {
        Object.assign(req.session, { cart: ['shoes'] })
        res.json({})
      })
      host.get('/session', (req, res) => res.json(req.session))
      host.use(express.urlencoded({ extended: false }))
      host.use(
        '/convert',
        convertRouter({
          Guest,
          hashPassword: async () => {
            await setTimeout(WORK_MS)
            return 'hash'
          },
        }),
      )
    },
  })
  return app
}

interface Click {
  readonly method?: string
  readonly form?: Record<string, string>
}

interface Answer {
  readonly status: number
  readonly location: string | null
  readonly body: string
}

/** A browser's cookies, and its habit: it drops the answer to the first of two clicks, with its cookies. */
class Browser {
  private readonly jar = new Map<string, string>()

  constructor(private readonly origin: string) {}

  private get headers(): Record<string, string> {
    const cookie = [...this.jar].map(([name, value]) => `${name}=${value}`).join('; ')
    return { 'user-agent': BROWSER, accept: 'application/json', ...(cookie !== '' && { cookie }) }
  }

  async click(path: string, { method = 'GET', form }: Click = {}): Promise<Answer> {
    const body = form && new URLSearchParams(form)
    const init = { method, headers: this.headers, redirect: 'manual' as const, ...(body && { body }) }
    const response = await fetch(this.origin + path, init)
    for (const cookie of response.headers.getSetCookie()) {
      const [, name = '', value = ''] = /^([^=]+)=([^;]*)/.exec(cookie) ?? []
      if (value === '') this.jar.delete(name)
      else this.jar.set(name, value)
    }
    const { status, headers } = response
    return { status, location: headers.get('location'), body: await response.text() } // it is stored by the end of the body
  }

  async clickTwice(path: string, click: Click = {}): Promise<Answer> {
    const { method = 'GET', form } = click
    const type = form && { 'content-type': 'application/x-www-form-urlencoded' }
    const first = request(this.origin + path, { method, headers: { ...this.headers, ...type }, agent: false })
    const isClosed = new Promise((resolve) => first.on('error', resolve))
    first.end(form && new URLSearchParams(form).toString())
    await setTimeout(WORK_MS / 3)
    first.destroy()
    await isClosed
    return await this.click(path, click)
  }

  async json<T>(path: string): Promise<T> {
    return JSON.parse((await this.click(path)).body) as T
  }
}

describe('a browser that drops the answer to the first of two clicks', () => {
  for (const path of ['/log-out', '/log-out-and-destroy']) {
    it(`has sessions and guests at once after ${path}`, async () => {
      const browser = new Browser((await start()).origin)
      await browser.click('/log-in')
      await browser.clickTwice(path)
      assert.equal((await browser.json<Who>('/who')).user, null)
      await browser.click('/add')
      assert.deepEqual((await browser.json<{ cart?: string[] }>('/session')).cart, ['shoes'])
      assert.equal((await browser.json<Who>('/play')).isGuest, true)
    })
  }

  it('is logged in by a login of the application that renews the session itself', async () => {
    const browser = new Browser((await start()).origin)
    await browser.click('/add')
    await browser.clickTwice('/own-log-in')
    assert.equal((await browser.json<{ userId?: number }>('/session')).userId, 7)
  })

  it('is logged in to the account that it has created, with the things of the guest', async () => {
    const { origin, Guest } = await start()
    const browser = new Browser(origin)
    const guest = await browser.json<Who>('/play')
    const password = 'correct horse'
    const form = { username: 'ginger', password, passwordAgain: password }
    const answer = await browser.clickTwice('/convert', { method: 'POST', form })
    assert.deepEqual([answer.status, answer.location], [303, '/convert/success'])
    const { user, isRegularUser } = await browser.json<Who>('/who')
    assert.deepEqual([user?.id, user?.username, isRegularUser], [guest.user?.id, 'ginger', true])
    assert.equal(await Guest.count(), 0)
  })

  it('does not get back the session that a lost logout has ended, from a request that was under way', async () => {
    const browser = new Browser((await start()).origin)
    await browser.click('/log-in')
    const [late] = await Promise.all([
      browser.click('/own-log-in').then(() => undefined),
      setTimeout(WORK_MS / 3).then(() => browser.clickTwice('/log-out')),
    ])
    assert.equal(late, undefined)
    assert.equal((await browser.json<Who>('/who')).user, null)
  })
})
