import assert from 'node:assert/strict'
import { after, before, describe, it } from 'node:test'
import session from 'express-session'
import { DataTypes, Sequelize } from 'sequelize'
import { defineVisitorModels, type Finding } from '../../src/index.js'
import { express } from '../support/application.js'
import { exportFrom, openStage, type Stage } from './stage.js'

interface Diagnosis {
  readonly source: string
  readonly findings: readonly Finding[]
  readonly leftOut: readonly string[]
  readonly requests: readonly string[]
}

describe('doctor', () => {
  let stage: Stage
  before(async () => {
    stage = await openStage()
  })
  after(() => stage.close())

  const diagnose = async (...argv: string[]): Promise<Diagnosis & { code: number }> => {
    const { code, document } = await stage.json(['doctor', ...argv])
    return { code, ...(document as Diagnosis) }
  }

  it('finds nothing wrong with a sound database, and lists what it did not check', async () => {
    const { code, stdout } = await stage.run(['doctor', '--no-production'])
    assert.equal(code, 0, stdout)
    assert.doesNotMatch(stdout, /^error/m)
    assert.match(
      stdout,
      /Not checked: the application: .*\(passport-ephemeral\.config\.mjs exports no app\)\.\n$/,
    )
    const { findings, leftOut, source } = await diagnose('--no-production')
    assert.deepEqual(
      findings.filter(({ severity }) => severity === 'error'),
      [],
    )
    assert.equal(leftOut.length, 1)
    assert.equal(source, 'passport-ephemeral.config.mjs')
  })

  it('prints an error with its remedy, and exits with 1', async () => {
    const Order = stage.sequelize.define('Order', { userId: DataTypes.INTEGER })
    Order.belongsTo(stage.User, { foreignKey: 'userId', onDelete: 'NO ACTION' })
    await Order.sync()
    try {
      const { code, findings } = await diagnose('--no-production')
      assert.equal(code, 1)
      const [error] = findings.filter(({ severity }) => severity === 'error')
      assert.ok(error)
      const { stdout } = await stage.run(['doctor', '--no-production'])
      assert.ok(
        stdout.includes(`error ${error.message} [${error.code}]\n    ${error.remedy.split('\n')[0] ?? ''}\n`),
      )
      assert.match(stdout, /^1 error, \d+ warnings?, \d+ notes? in passport-ephemeral\.config\.mjs\.$/m)
    } finally {
      await Order.drop()
    }
  })

  it('checks the application too, if the configuration exports it', async () => {
    const app = express()
    app.use(session({ secret: 'keyboard cat', resave: false, saveUninitialized: false }))
    const { sequelize, Guest, Visitor, folder } = stage
    await exportFrom(folder, { sequelize, Guest, Visitor, app }, 'with-app.mjs')
    const strict = await diagnose('--production', '--config', 'with-app.mjs')
    assert.equal(strict.code, 1)
    assert.deepEqual(
      strict.leftOut.map((text) => text.split(' (')[0]),
      ['what only requests with a session show'],
    )
    assert.deepEqual(strict.requests, ['GET /'])
    const lenient = await diagnose('--no-production', '--config', 'with-app.mjs')
    assert.ok(lenient.findings.length < strict.findings.length)
  })

  it('loads the application by the function that the configuration exports, which no other command calls', async () => {
    const { Guest, Visitor, folder } = stage
    const application = express()
    const loads = [
      () => application,
      () => Promise.resolve({ app: application }),
      () => Promise.resolve({ default: application }),
      () => Promise.resolve({ default: { app: application } }), // a module of CommonJS
    ]
    for (const [index, load] of loads.entries()) {
      let calls = 0
      const app = (): unknown => {
        calls += 1
        return load()
      }
      await exportFrom(folder, { Guest, Visitor, app }, `loads-${index}.mjs`)
      assert.equal((await stage.run(['visitors', '--config', `loads-${index}.mjs`])).code, 0)
      assert.equal(calls, 0)
      const { requests } = await diagnose('--config', `loads-${index}.mjs`)
      assert.deepEqual([calls, requests], [1, ['GET /']])
    }
  })

  it('explains that the application cannot be loaded, and how to get that of NestJS', async () => {
    const { Guest, folder } = stage
    const nest = { use: () => undefined, getHttpAdapter: () => undefined }
    const broken = (): never => {
      throw new Error('no session secret')
    }
    const wrong: readonly [unknown, RegExp][] = [
      [broken, /wrong-0\.mjs: app cannot be loaded: no session secret\n$/],
      [() => nest, /the function 'app' must return an Express application \(of NestJS: nest\.getHttpAdapter/],
      [() => undefined, /the function 'app' must return/],
      [
        nest,
        /export 'app' must be an Express application \(of NestJS: nest\.getHttpAdapter.*nest\.init\(\)\)/,
      ],
    ]
    for (const [index, [app, message]] of wrong.entries()) {
      await exportFrom(folder, { Guest, app }, `wrong-${index}.mjs`)
      const { code, stdout, stderr } = await stage.run(['doctor', '--config', `wrong-${index}.mjs`])
      assert.deepEqual([code, stdout], [2, ''])
      assert.match(stderr, message)
    }
  })

  it('asks for the paths that the configuration exports, and prints them', async () => {
    const asked: string[] = []
    const app = express().use((req, res) => {
      asked.push(req.originalUrl)
      res.end()
    })
    const { Guest, Visitor, folder } = stage
    await exportFrom(folder, { Guest, Visitor, app, paths: ['/', '/convert'] }, 'with-paths.mjs')
    const { stdout } = await stage.run(['doctor', '--config', 'with-paths.mjs'])
    assert.deepEqual(asked, ['/', '/convert'])
    assert.match(stdout, /^The application was asked for GET \/, GET \/convert\.$/m)
    assert.match(stdout, /^note No part of this package saw GET \/, GET \/convert: .* \[NOTHING_SEEN\]$/m)
    assert.match(stdout, /^Not checked: what only requests with a session show \(.*RESAVE.*\)/m)
    await exportFrom(folder, { Guest, app, paths: ['convert'] }, 'wrong-paths.mjs')
    const wrong = await stage.run(['doctor', '--config', 'wrong-paths.mjs'])
    assert.equal(wrong.code, 2)
    assert.match(wrong.stderr, /export 'paths' must be a non-empty array of paths/)
  })

  it('recommends migrate for a database without tables', async () => {
    const bare = await openStage({ sync: false })
    try {
      const { code, stdout } = await bare.run(['doctor', '--no-production'])
      assert.equal(code, 1)
      assert.match(stdout, /^error .*\[TABLE_MISSING\]$/m)
    } finally {
      await bare.close()
    }
  })

  it('prints a database that does not answer as a finding', async () => {
    const url = 'postgres://kim:hunter2@127.0.0.1:1/app'
    const sequelize = new Sequelize(url, { logging: false })
    const { Visitor } = defineVisitorModels(sequelize, { secret: 'x'.repeat(40) })
    await exportFrom(stage.folder, { Visitor }, 'down.mjs')
    const run = await stage.json(['doctor', '--config', 'down.mjs'])
    assert.deepEqual([run.code, run.stderr], [1, ''])
    const { findings } = run.document as Diagnosis
    assert.equal(findings[0]?.code, 'DATABASE_UNREACHABLE')
    assert.match(findings[0].message, /ECONNREFUSED/)
    assert.doesNotMatch(run.stdout, /hunter2/)
  })
})
