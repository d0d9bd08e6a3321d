import assert from 'node:assert/strict'
import { mkdir, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { after, before, describe, it } from 'node:test'
import { Sequelize } from 'sequelize'
import { defineGuestModel } from '../../src/index.js'
import { plainUser } from '../support/host-application.js'
import { exportFrom, openStage, type Stage } from './stage.js'

describe('the configuration module', () => {
  let stage: Stage
  let models: Pick<Stage, 'sequelize' | 'Guest' | 'Visitor'>
  let count = 0
  before(async () => {
    stage = await openStage()
    models = { sequelize: stage.sequelize, Guest: stage.Guest, Visitor: stage.Visitor }
  })
  after(() => stage.close())

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

  it('the module may have named exports or a default export, and may be CommonJS', async () => {
    await works(await write(`export const { sequelize, Visitor } = ${given}`))
    await works(await write(`export default ${given}`))
    await works(await write(`export default { ...${given}, routes: 1 }`))
    await works(await write(`module.exports = ${given}`, 'cjs'))
    await works(await write(`exports.__esModule = true; exports.default = ${given}`, 'cjs'))
    await works(await write(`export const Visitor = ${given}.Visitor; export default class Database {}`))
    await works(await write(`export const { Visitor } = ${given}; export const connect = () => 1, limit = 3`))
  })

  it('--config names the module before or after the command, relative to the working folder', async () => {
    const name = await exporting(models)
    await mkdir(join(stage.folder, 'deep'), { recursive: true })
    const cwd = join(stage.folder, 'deep')
    assert.equal((await stage.run(['--config', `../${name}`, 'visitors'], { cwd })).code, 0)
    assert.equal((await stage.run(['visitors', '--config', join(stage.folder, name)], { cwd })).code, 0)
  })

  it('the module is found by its name in the working folder, with any of its extensions', async () => {
    Object.assign(globalThis, { passportEphemeralTest: models })
    for (const [extension, source] of [
      ['js', `export const { Visitor } = ${given}`],
      ['mjs', `export const { Visitor } = ${given}`],
      ['cjs', `module.exports = ${given}`],
      ['ts', `const models: any = ${given}; export const { Visitor } = models`],
    ] as const) {
      const cwd = join(stage.folder, extension)
      await mkdir(cwd, { recursive: true })
      await writeFile(join(cwd, `passport-ephemeral.config.${extension}`), source)
      const { code, stderr } = await stage.run(['visitors'], { cwd })
      assert.deepEqual([code, stderr], [0, ''], extension)
    }
  })

  it('a missing module is explained with an example, and DATABASE_URL is ignored', async () => {
    const cwd = join(stage.folder, 'empty')
    await mkdir(cwd, { recursive: true })
    const env = { DATABASE_URL: 'postgres://127.0.0.1:1/none' }
    const { code, stdout, stderr } = await stage.run(['visitors'], { cwd, env })
    assert.deepEqual([code, stdout], [2, ''])
    assert.match(stderr, /^passport-ephemeral: There is no passport-ephemeral\.config\.js in .*--config/)
    assert.match(stderr, /\n {2}export \{ sequelize, Guest, Visitor \}\n/)
    const { document } = await stage.json(['visitors'], { cwd })
    const { error } = document as { error: Record<string, string> }
    assert.equal(error['code'], 'ERR_CONFIGURATION')
    assert.match(error['help'] ?? '', /export \{ sequelize, Guest, Visitor \}/)
  })

  it('one sentence explains that a named module is missing or cannot be loaded', async () => {
    await fails('gone.mjs', /--config names .*gone\.mjs, and there is no such file/)
    await fails(
      await write('throw new Error("no .env file")'),
      /config-\d+\.mjs cannot be loaded: no \.env file/,
    )
    await fails(await write('throw "text"'), /cannot be loaded: text/)
    await fails(await write('export const Visitor = ;'), /cannot be loaded/)
    await fails(await write('import "./nowhere.mjs"'), /cannot be loaded: .*nowhere/)
  })

  it('DEBUG prints the stack after the sentence', async () => {
    const name = await write('throw new Error("no .env file")')
    const { stderr } = await stage.run(['visitors', '--config', name], { env: { DEBUG: '*' } })
    assert.match(stderr, /^passport-ephemeral: config-\d+\.mjs cannot be loaded: no \.env file\n/)
    assert.match(stderr, /\n {4}at [^]*Caused by: Error: no \.env file\n {4}at /)
  })

  it('a module with no usable or with wrong exports is refused with what was expected', async () => {
    const { sequelize, Guest, Visitor } = models
    for (const source of ['', 'export default 3', 'export default null']) {
      const { code, stderr } = await stage.run(['visitors', '--config', await write(source)])
      assert.equal(code, 2)
      assert.match(
        stderr,
        /exports none of sequelize, Guest and Visitor\nWrite passport-ephemeral\.config\.js/,
      )
    }
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
    await fails(await exporting({ Guest }), /config-\d+\.mjs exports no Visitor: this command needs it/)
    await fails(await exporting({ sequelize }), /this command needs one of them/, ['stats'])
  })

  it('a model under another name is refused with the right name', async () => {
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
  })

  it('the module may export VisitorLog and User as well', async () => {
    const { User, VisitorLog } = stage
    Object.assign(globalThis, { passportEphemeralTest: { ...models, User, VisitorLog } })
    const name = await write(`export default ${given}`)
    assert.equal((await stage.run(['visitors', '--config', name])).code, 0)
  })

  it('models of two databases are refused', async () => {
    const other = new Sequelize('postgres://127.0.0.1:1/none', { logging: false })
    const Guest = defineGuestModel(other, { User: plainUser()(other) })
    await fails(await exporting({ Guest, Visitor: models.Visitor }), /must be of one Sequelize instance/)
    await fails(await exporting({ sequelize: other, Visitor: models.Visitor }), /must be of one/)
  })

  it('a model that another copy of the package made is refused with the command to run', async () => {
    class Stranger {}
    Object.defineProperty(Stranger, Symbol('passport-ephemeral.visitorSettings'), { value: {} })
    await fails(
      await exporting({ Visitor: Stranger }),
      /of this very copy of passport-ephemeral: run npx passport-ephemeral/,
    )
  })

  it('the database is closed in the end, also after a failure, and its statements are not logged', async () => {
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
