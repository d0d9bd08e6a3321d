import assert from 'node:assert/strict'
import { after, before, describe, it } from 'node:test'
import type { ErrorRequestHandler, Request, Response } from 'express'
import { startApplication, type TestApp } from '../support/application.js'

const ROUTES: Readonly<Record<string, (req: Request, res: Response) => unknown>> = {
  '/json-and-end': (_req, res) => {
    res.json('once').end()
  },
  '/redirect-and-end': (_req, res) => {
    res.redirect('/elsewhere')
    res.end()
  },
  '/end-with-callback': (_req, res) => {
    res.setHeader('Content-Type', 'application/json')
    res.end('"once"', () => {
      ended.push('/end-with-callback')
    })
  },
  '/end-by-callback-alone': (_req, res) => {
    res.end(() => {
      ended.push('/end-by-callback-alone')
    })
  },
  '/json-and-throw': (_req, res) => {
    res.json('once')
    throw new Error('too late')
  },
  '/no-status': (_req, res) => {
    res.statusCode = 'ECONNREFUSED' as unknown as number
    res.end()
  },
  '/bigint-saved': (req, res) => {
    Object.assign(req.session, { big: 1n })
    try {
      req.session.save(answer)
    } catch (error) {
      answer(error)
    }
    function answer(error: unknown): void {
      Reflect.deleteProperty(req.session, 'big')
      res.json(String(error))
    }
  },
  '/bigint-kept': (req, res) => {
    Object.assign(req.session, { big: 1n })
    res.json('never')
  },
}

const ended: string[] = []
const errors: string[] = []
const faults: unknown[] = []
const keepFault = (fault: unknown): void => {
  faults.push(fault)
}

for (const session of [
  {},
  { rolling: true, cookie: { maxAge: 60_000 } },
  { resave: true, rolling: true },
] as const) {
  describe(`an answer that waits for a look-up: ${JSON.stringify(session)}`, () => {
    let app: TestApp
    before(async () => {
      process.on('uncaughtException', keepFault)
      app = await startApplication({
        session,
        routes(host, { passport }) {
          host.get('/play', passport.authenticate('guest'), (_req, res) => {
            res.json('guest')
          })
          for (const [path, handle] of Object.entries(ROUTES)) host.get(path, handle)
          const answerError: ErrorRequestHandler = (error: Error, _req, res, _next) => {
            errors.push(error.message)
            res.status(500).json(error.message)
          }
          host.use(answerError)
        },
      })
    })
    after(async () => {
      process.off('uncaughtException', keepFault)
      await app.close()
      assert.deepEqual(faults, [])
    })

    /** Of a browser with a session: the answer waits if its cookie may be set. */
    async function ask(path: string, milliseconds = 5000) {
      const browser = app.browser()
      await browser.get('/play').expect(200)
      return await browser.get(path).timeout(milliseconds)
    }

    it('is sent as it was, whatever the application does after its end', async () => {
      for (const path of ['/json-and-end', '/json-and-throw'])
        assert.deepEqual([path, (await ask(path)).status, (await ask(path)).body], [path, 200, 'once'])
      const { status, headers } = await ask('/redirect-and-end')
      assert.deepEqual([status, headers['location']], [302, '/elsewhere'])
    })

    // express-session alone takes a callback for the text.
    it('calls back when it has ended', { skip: !('rolling' in session) }, async () => {
      ended.length = 0
      assert.equal((await ask('/end-with-callback')).body, 'once')
      assert.equal((await ask('/end-by-callback-alone')).status, 200)
      assert.deepEqual(ended, ['/end-with-callback', '/end-by-callback-alone'])
    })

    it('that cannot be sent ends no process: the error reaches the application’s handler', async () => {
      errors.length = 0
      for (const path of ['/no-status', '/bigint-kept']) await assert.rejects(ask(path, 1000))
      assert.match(errors.join(), /Invalid status code.*BigInt/)
    })

    it('tells the code that stores it of a session that cannot be serialized', async () => {
      const { body } = await ask('/bigint-saved')
      assert.match(String(body), /BigInt/)
    })
  })
}
