import assert from 'node:assert/strict'
import { createServer, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import { after, before, describe, it } from 'node:test'
import { ClientOfflineError, ErrorReply } from 'redis'
import { ConnectionRefusedError, DatabaseError, UniqueConstraintError } from 'sequelize'
import supertest from 'supertest'
import { createApp } from '../../examples/fleet/app.js'
import { defineModels } from '../../examples/fleet/models.js'
import { isOutage } from '../../examples/fleet/outages.js'
import { findProgram } from '../../examples/fleet/parts/find-program.js'
import { freePort } from '../../examples/fleet/parts/free-port.js'
import { openRedis, type Redis } from '../../examples/fleet/sessions.js'
import { readSettings } from '../../examples/fleet/settings.js'
import { MergeFailed } from '../../src/index.js'
import { BROWSER } from '../support/application.js'
import { openDatabase, type TestDatabase } from '../support/database.js'

describe('a web process of the fleet during an outage of Redis', () => {
  let database: TestDatabase
  let redis: Redis
  let server: Server
  let browser: ReturnType<typeof supertest.agent>

  before(async () => {
    database = await openDatabase()
    const settings = readSettings({
      NAME: 'web-1',
      DATABASE_URL: 'not used here',
      REDIS_URL: `redis://127.0.0.1:${await freePort()}`,
      PUBLIC_URL: 'http://127.0.0.1',
      SESSION_SECRET: 'session secret',
      VISITOR_SECRET: 'a secret of more than thirty-two characters',
    })
    const { sequelize } = database
    const models = defineModels(sequelize, settings)
    await sequelize.sync()
    redis = openRedis(settings.redisUrl)
    server = createServer(createApp({ sequelize, models, redis }, settings))
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
    const { port } = server.address() as AddressInfo
    browser = supertest.agent(`http://127.0.0.1:${port}`).set('User-Agent', BROWSER)
  })
  after(async () => {
    server.closeAllConnections()
    await new Promise((resolve) => server.close(resolve))
    redis.destroy()
    await database.close()
  })

  it('refuses a request that needs a session, with Retry-After', async () => {
    const { body, headers } = await browser.post('/api/todos').send({ title: 'Buy milk' }).expect(503)
    assert.equal((body as { code: string }).code, 'ERR_OUTAGE')
    assert.equal(headers['retry-after'], '2')
    await browser.get('/convert').expect(503)
  })

  it('reports the outage to monitoring', async () => {
    const { body } = await browser.get('/health').expect(503)
    assert.deepEqual(body, { status: 'down', database: true, sessions: false })
  })

  it('still shows its page', async () => {
    await browser.get('/').expect(200, /What is there to do/)
  })
})

describe('an outage', () => {
  const driver = (code?: string, message = 'a message of the driver') =>
    new DatabaseError(Object.assign(new Error(message), { sql: '', ...(code !== undefined && { code }) }))

  it('is an error that means a part is unavailable', () => {
    for (const error of [
      new ConnectionRefusedError(new Error('connect ECONNREFUSED')),
      new ClientOfflineError(),
      new ErrorReply('LOADING Redis is loading the dataset in memory'),
      driver('57P01'),
      driver('08006'),
      driver('ECONNRESET'),
      driver(undefined, 'Connection terminated unexpectedly'),
      new MergeFailed('the connection broke', { cause: driver('57P01') }),
    ]) {
      assert.ok(isOutage(error), error.message)
    }
  })

  it('is not an error of the request or of the program', () => {
    for (const error of [
      new UniqueConstraintError({}),
      driver('22001'),
      new ErrorReply('WRONGTYPE Operation against a key'),
      new TypeError('undefined is not a function'),
      'not an error',
    ]) {
      assert.ok(!isOutage(error), String(error))
    }
  })
})

describe('a program that the fleet needs', () => {
  it('is named with its Debian package if it is missing', async () => {
    const path = process.env['PATH']
    process.env['PATH'] = '/nonexistent'
    try {
      await assert.rejects(findProgram('redis-server'), {
        message:
          'This example needs redis-server, which is not on this machine. On Debian: apt-get install redis-server',
      })
    } finally {
      process.env['PATH'] = path
    }
  })
})
