import assert from 'node:assert/strict'
import { once } from 'node:events'
import { connect, createServer, type AddressInfo, type Server, type Socket } from 'node:net'
import { describe, it } from 'node:test'
import { TablesMissing } from '../../../src/index.js'
import type { TestApp } from '../../support/application.js'
import { dialect, isEmbedded } from '../../support/database.js'
import { eventually } from '../../support/eventually.js'
import { enter, flushed, insertsOf, invite, takeTableAway, withPages, written } from './stage.js'

/** Stands between the application and its database, and can be cut like a cable. */
class Cable {
  private readonly ends = new Set<Socket>()
  private server: Server | undefined
  port = 0

  constructor(private readonly databasePort: number) {}

  async plugIn(): Promise<void> {
    this.server = createServer((near) => {
      const far = connect(this.databasePort, '127.0.0.1')
      near.pipe(far).pipe(near)
      for (const end of [near, far]) {
        this.ends.add(end)
        end.on('error', () => undefined).on('close', () => this.ends.delete(end))
      }
    }).listen(this.port, '127.0.0.1')
    await once(this.server, 'listening')
    this.port = (this.server.address() as AddressInfo).port
  }

  async cut(): Promise<void> {
    const closed = new Promise((resolve) => this.server?.close(resolve))
    for (const end of this.ends) end.destroy()
    await closed
  }
}

/** Breaks the way to the database where there is a server, and takes the table away where there is none. */
async function withBreakableDatabase(
  visitLog: object,
  test: (app: TestApp, breakIt: () => Promise<() => Promise<void>>) => Promise<void>,
): Promise<void> {
  if (isEmbedded || dialect === 'sqlite') {
    await withPages({ visitor: { visitLog } }, (app) => test(app, () => takeTableAway(app)))
    return
  }
  const { port } = new URL(process.env['DATABASE_URL'] ?? '')
  const cable = new Cable(Number(port))
  await cable.plugIn()
  const throughCable = (config: { host?: string; port?: number | string }): void => {
    Object.assign(config, { host: '127.0.0.1', port: cable.port })
  }
  const database = { hooks: { beforeConnect: throughCable } }
  try {
    await withPages({ database, visitor: { visitLog } }, (app) =>
      test(app, async () => {
        await cable.cut()
        return () => cable.plugIn()
      }),
    )
  } finally {
    await cable.cut()
  }
}

describe('a database that is away', () => {
  it('loses no visits: they are kept, and flush() rejects', async () => {
    await withBreakableDatabase({ flushInterval: 3600 }, async (app, breakIt) => {
      const browser = await enter(app, await invite(app))
      for (let i = 0; i < 3; i++) await browser.get(`/page/${i}`).expect(200)
      const mend = await breakIt()
      await assert.rejects(app.VisitorLog.flush(), Error)
      await assert.rejects(Promise.all([app.VisitorLog.flush(), app.VisitorLog.flush()]), Error)
      await mend()
      // Sequelize's pool can still hand out the failure of an attempt to connect that was under way.
      const rows = await eventually(
        () => flushed(app).catch(() => []),
        ({ length }) => length > 0,
      )
      assert.deepEqual(
        rows.map(({ path }) => path),
        ['/page/0', '/page/1', '/page/2'],
      )
      assert.equal(app.VisitorLog.dropped, 0)
    })
  })

  it('is tried again, without a call, until it is back', async () => {
    await withBreakableDatabase({ flushInterval: 0.1 }, async (app, breakIt) => {
      const browser = await enter(app, await invite(app))
      await browser.get('/page').expect(200)
      const mend = await breakIt()
      await new Promise((resolve) => setTimeout(resolve, 150))
      await mend()
      const rows = await eventually(
        () => written(app),
        ({ length }) => length === 1,
      )
      assert.equal(rows.length, 1)
    })
  })
})

describe('a log without a table', () => {
  it('is reported by one warning when visits are written in the background', async () => {
    const warnings: string[] = []
    // The logs of earlier tests, whose database is closed, may warn at the same time.
    const listen = (warning: Error & { code?: string }): void => {
      const isOfThisLog = warning.message.includes('Run the migrations')
      if (warning.code === 'VISITS_NOT_WRITTEN' && isOfThisLog) warnings.push(warning.message)
    }
    process.on('warning', listen)
    try {
      await withPages({ visitor: { visitLog: { flushInterval: 0.01 } } }, async (app) => {
        const browser = await enter(app, await invite(app))
        const bringTableBack = await takeTableAway(app)
        await browser.get('/page').expect(200)
        await new Promise((resolve) => setTimeout(resolve, 200)) // for several attempts
        assert.equal(warnings.length, 1)
        await bringTableBack()
        assert.equal((await flushed(app)).length, 1)
      })
    } finally {
      process.off('warning', listen)
    }
  })

  it('is named as such, costs no page, and is filled when the table is back', async () => {
    await withPages({ visitor: { visitLog: { flushInterval: 0.02 } } }, async (app) => {
      const browser = await enter(app, await invite(app))
      const bringTableBack = await takeTableAway(app)
      for (let i = 0; i < 3; i++) await browser.get('/page').expect(200)
      await assert.rejects(app.VisitorLog.flush(), TablesMissing)
      await bringTableBack()
      const rows = await eventually(
        () => written(app),
        ({ length }) => length === 3,
      )
      assert.equal(rows.length, 3)
      assert.equal(app.VisitorLog.dropped, 0)
    })
  })

  it('is tried less and less often, however many visits come', async () => {
    await withPages({ visitor: { visitLog: { flushInterval: 0.02, batchSize: 2 } } }, async (app) => {
      const browser = await enter(app, await invite(app))
      const bringTableBack = await takeTableAway(app)
      insertsOf(app)
      const end = performance.now() + 700
      let visits = 0
      for (; performance.now() < end; visits++) await browser.get('/page').expect(200)
      const attempts = insertsOf(app).length
      assert.ok(attempts >= 2 && attempts <= 7, `${attempts} attempts for ${visits} visits`)
      await bringTableBack()
      assert.equal((await flushed(app)).length, visits)
    })
  })
})
