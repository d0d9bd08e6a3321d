import assert from 'node:assert/strict'
import { mkdir, rm, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { after, afterEach, before, describe, it } from 'node:test'
import { Sequelize } from 'sequelize'
import { defineGuestModel } from '../../src/index.js'
import { plainUser } from '../support/host-application.js'
import { CONFIG, exportFrom, openStage, type Stage } from './stage.js'

describe('the configuration module', () => {
  let stage: Stage
  let models: Pick<Stage, 'sequelize' | 'Guest' | 'Visitor'>
  let count = 0
  before(async () => {
    stage = await openStage()
    models = { sequelize: stage.sequelize, Guest: stage.Guest, Visitor: stage.Visitor }
  })
  after(() => stage.close())
  afterEach(() => exportFrom(stage.folder, models))

  /** A module of its own for each test: Node loads one of a path only once. */
  async function write(source: string, extension = 'mjs'): Promise<string> {
    const name = `config-${(count += 1)}.${extension}`
    await writeFile(join(stage.folder, name), source)
    return name
  }
  async function exporting(exports: object): Promise<string> {
    const name = `config-${(count += 1)}.mjs`
    await exportFrom(stage.folder, exports, name)
    return name
  }
  const given = 'globalThis.passportEphemeralTest'
  const works = async (name: string): Promise<void> => {
    Object.assign(globalThis, { passportEphemeralTest: models })
    const { code, stdout, stderr } = await stage.run(['visitors', '--config', name])
    assert.deepEqual([code, stdout, stderr], [0, 'No passes.\n', ''], name)
  }
  const fails = async (name: string, message: RegExp, argv = ['visitors']): Promise<void> => {
    const { code, stdout, stderr } = await stage.run([...argv, '--config', name])
    assert.equal(code, 2, stderr)
    assert.equal(stdout, '')
    assert.match(stderr, message)
    assert.equal(stderr.trimEnd().split('\n').length, 1, stderr)
  }

  it('may have named exports, a default export or a function, be CommonJS or compiled to it', async () => {
    await works(await write(`export const { sequelize, Visitor } = ${given}`))
    await works(await write(`export default ${given}`))
    await works(await write(`export default () => ${given}`))
    await works(await write(`export default async () => ({ Visitor: ${given}.Visitor })`))
    await works(await write(`module.exports = ${given}`, 'cjs'))
    await works(await write(`module.exports = async () => ${given}`, 'cjs'))
    await works(await write(`exports.__esModule = true; exports.default = ${given}`, 'cjs'))
    await works(await write(`export const Visitor = ${given}.Visitor; export default class Database {}`))
    await works(await write(`export const { Visitor } = ${given}; export const connect = () => 1, limit = 3`))
  })

  it('is named by --config before or after the command, from the working folder', async () => {
    const name = await exporting(models)
    await mkdir(join(stage.folder, 'deep'), { recursive: true })
    const cwd = join(stage.folder, 'deep')
    assert.equal((await stage.run(['--config', `../${name}`, 'visitors'], { cwd })).code, 0)
    assert.equal((await stage.run(['visitors', '--config', join(stage.folder, name)], { cwd })).code, 0)
  })

  it('is found by package.json, or by its name beside one, in the folder or above', async () => {
    const deep = join(stage.folder, 'packages/one')
    await mkdir(deep, { recursive: true })
    const manifest = (entry: object) => writeFile(join(stage.folder, 'package.json'), JSON.stringify(entry))
    const run = () => stage.run(['visitors'], { cwd: deep })
    assert.equal((await run()).code, 0) // by its name, beside the upper package.json

    await rm(join(stage.folder, CONFIG))
    assert.match((await run()).stderr, /--config.*package\.json.*DATABASE_URL/)
    const name = await exporting(models)
    for (const entry of [`./${name}`, { config: name }]) {
      await manifest({ 'passport-ephemeral': entry })
      assert.equal((await run()).code, 0)
    }
    await writeFile(join(deep, 'package.json'), '{ "name": "one" }')
    assert.equal((await run()).code, 0) // one that says nothing hides none above

    await manifest({ 'passport-ephemeral': 3 })
    assert.match((await run()).stderr, /must be a path/)
    await manifest({ 'passport-ephemeral': './gone.js' })
    assert.match((await run()).stderr, /package\.json names .*gone\.js, and there is no such file/)
    await writeFile(join(stage.folder, 'package.json'), '{')
    assert.match((await run()).stderr, /package\.json cannot be read/)
    assert.equal((await run()).code, 2)
    await rm(join(deep, 'package.json'))
  })

  it('that is not there, or cannot be loaded, is said in one sentence', async () => {
    await fails('gone.mjs', /--config names .*gone\.mjs, and there is no such file/)
    await fails(
      await write('throw new Error("no .env file")'),
      /config-\d+\.mjs cannot be loaded: no \.env file/,
    )
    await fails(await write('throw "text"'), /cannot be loaded: text/)
    await fails(await write('export const Visitor = ;'), /cannot be loaded/)
    await fails(await write('import "./nowhere.mjs"'), /cannot be loaded: .*nowhere/)
    await fails(await write('export default async () => { throw new Error("vault sealed") }'), /vault sealed/)
  })

  it('keeps its stack for those who ask by DEBUG, after the sentence', async () => {
    const name = await write('throw new Error("no .env file")')
    const { stderr } = await stage.run(['visitors', '--config', name], { env: { DEBUG: '*' } })
    assert.match(stderr, /^passport-ephemeral: config-\d+\.mjs cannot be loaded: no \.env file\n/)
    assert.match(stderr, /\n {4}at [^]*Caused by: Error: no \.env file\n {4}at /)
  })

  it('that exports nothing of use, or the wrong thing, is told what was expected', async () => {
    const { sequelize, Guest, Visitor } = models
    await fails(await write(''), /exports none of sequelize, Guest and Visitor/)
    await fails(await write('export default 3'), /exports none/)
    await fails(await write('export default null'), /exports none/)
    await fails(
      await exporting({ Visitor: 'Visitor' }),
      /export 'Visitor' must be the Visitor model.*not a string/,
    )
    await fails(await exporting({ Visitor: Guest }), /export 'Visitor' must be/)
    await fails(await exporting({ Guest: stage.User, Visitor }), /export 'Guest' must be/)
    await fails(
      await exporting({ Visitor, sequelize: {} }),
      /export 'sequelize' must be a Sequelize instance/,
    )
    await fails(await exporting({ Visitor, app: {} }), /export 'app' must be an Express application/)
    await fails(
      await exporting({ Visitor, cleanup: { batchsize: 3 } }),
      /cleanup: unknown option 'batchsize'/,
    )
    await fails(await exporting({ Guest }), /no visitors in config-\d+\.mjs: this command needs Visitor/)
    await fails(await exporting({ sequelize }), /this command needs one of them/, ['stats'])
  })

  it('whose names are nearly right is asked: did you mean', async () => {
    const { sequelize, Guest, Visitor } = models
    await fails(
      await exporting({ sequelize, visitor: Visitor }),
      /exports 'visitor': did you mean 'Visitor'\?/,
    )
    await fails(
      await exporting({ sequelize, GuestModel: Guest }),
      /exports 'GuestModel': did you mean 'Guest'\?/,
    )
    Object.assign(globalThis, { passportEphemeralTest: models })
    await fails(await write(`export default { Visitors: ${given}.Visitor }`), /did you mean 'Visitor'/)
    await fails(
      await write(`export default { ...${given}, clean_up: {} }`),
      /did you mean 'cleanup'|unknown export/,
    )
    await fails(
      await write(`export default { ...${given}, sequelise: 1, sequelize: undefined }`),
      /'sequelize'/,
    )
    await fails(await write(`export default { ...${given}, routes: 1 }`), /unknown export 'routes'/)
  })

  it('may export VisitorLog and User as well: nobody is scolded for what goes together', async () => {
    const { User, VisitorLog } = stage
    Object.assign(globalThis, { passportEphemeralTest: { ...models, User, VisitorLog } })
    const name = await write(`export default ${given}`)
    assert.equal((await stage.run(['visitors', '--config', name])).code, 0)
  })

  it('with models of two databases is refused', async () => {
    const other = new Sequelize('postgres://127.0.0.1:1/none', { logging: false })
    const Guest = defineGuestModel(other, { User: plainUser()(other) })
    await fails(await exporting({ Guest, Visitor: models.Visitor }), /must be of one Sequelize instance/)
    await fails(await exporting({ sequelize: other, Visitor: models.Visitor }), /must be of one/)
  })

  it('with a model that another copy of the package made is told which command to run', async () => {
    class Stranger {}
    Object.defineProperty(Stranger, Symbol('passport-ephemeral.visitorSettings'), { value: {} })
    await fails(await exporting({ Visitor: Stranger }), /another copy of passport-ephemeral.*npx/)
  })

  it('goes before DATABASE_URL, unless --no-config says otherwise', async () => {
    const env = { DATABASE_URL: 'postgres://127.0.0.1:1/none' }
    assert.equal((await stage.run(['visitors'], { env })).code, 0)
    const { code, stderr } = await stage.run(['visitors', '--no-config'], { env })
    assert.equal(code, 1)
    assert.match(stderr, /The database cannot be reached/)
    assert.equal((await stage.run(['visitors', '--no-config'])).code, 2)
  })

  it('is not contradicted by names of tables, which it would not heed', async () => {
    const { code, stderr } = await stage.run(['visitors', '--visitors-table', 'passes'])
    assert.equal(code, 2)
    assert.match(stderr, /--visitors-table is for DATABASE_URL alone/)
    const env = { PASSPORT_EPHEMERAL_VISITORS_TABLE: 'passes' }
    assert.equal((await stage.run(['visitors'], { env })).code, 0)
  })

  it('has its database closed in the end, whatever happened, and its log of statements kept out', async () => {
    const before = stage.closed()
    const statements = stage.takeStatements()
    await stage.run(['visitors'])
    await stage.run(['visits', 'nonsense'])
    assert.equal(stage.closed(), before + 2)
    assert.deepEqual(stage.takeStatements(), [])
    await stage.Visitor.count()
    assert.equal(stage.takeStatements().length, 1)
    assert.ok(statements.length > 0)
  })
})

describe('the command line by itself', () => {
  let stage: Stage
  before(async () => {
    stage = await openStage()
  })
  after(() => stage.close())

  it('has help for everything, with examples, and exits with 0 for it', async () => {
    const commands = ['migrate', 'invite', 'revoke', 'visitors', 'visits', 'cleanup', 'stats', 'doctor']
    const { code, stdout } = await stage.run(['--help'])
    assert.equal(code, 0)
    assert.match(stdout, /Exit codes:\n +0 .*\n +1 .*\n +2 /)
    for (const command of commands) {
      assert.match(stdout, new RegExp(`^ +${command} `, 'm'))
      const help = await stage.run([command, '--help'])
      assert.deepEqual([help.code, help.stderr], [0, ''])
      assert.match(help.stdout, /Examples:\n +\$ passport-ephemeral/)
      assert.match(help.stdout, /--json/)
      assert.equal((await stage.run(['help', command])).stdout, help.stdout)
      const wide = help.stdout.split('\n').filter((line) => line.length > 80 && !line.startsWith('  $'))
      assert.deepEqual(wide, [])
    }
  })

  it('prints its version', async () => {
    assert.match((await stage.run(['--version'])).stdout, /^\d+\.\d+\.\d+\n$/)
  })

  it('ends with 2 and a sentence for what it does not know', async () => {
    for (const argv of [[], ['sweep'], ['visitors', '--al'], ['visitors', 'x'], ['visits'], ['--limit']]) {
      const { code, stdout, stderr } = await stage.run(argv)
      assert.equal(code, 2, argv.join(' '))
      assert.equal(stdout, '')
      assert.notEqual(stderr, '')
    }
    assert.match((await stage.run(['visitor'])).stderr, /Did you mean visitors\?/)
    assert.match((await stage.run(['visitors', '--skope', 'A'])).stderr, /Did you mean --scope\?/)
    assert.doesNotMatch((await stage.run(['\u001b[2J'])).stderr.replaceAll('\n', ''), /\p{Cc}/u)
  })
})
