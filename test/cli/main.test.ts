import assert from 'node:assert/strict'
import { after, before, describe, it } from 'node:test'
import { Sequelize } from 'sequelize'
import { defineVisitorModels } from '../../src/index.js'
import { dialect, isEmbedded } from '../support/database.js'
import { itWhere } from '../support/where.js'
import { exportFrom, openStage, type Stage } from './stage.js'

const COMMANDS = [
  ...['migrate', 'cleanup', 'guests', 'stats', 'doctor'],
  ...['invite', 'reissue', 'revoke', 'reactivate', 'visitors', 'visits'],
]

describe('the command line', () => {
  let stage: Stage
  before(async () => {
    stage = await openStage()
  })
  after(() => stage.close())

  const failure = async (argv: readonly string[]) => {
    const { code, stderr, document } = await stage.json(argv)
    const { error, ...rest } = document as { error: { code: string; message: string; help?: string } }
    assert.deepEqual(rest, {})
    return { exit: code, stderr, ...error }
  }
  const exportAt = async (url: string, name: string): Promise<void> => {
    const { Visitor } = defineVisitorModels(new Sequelize(url, { logging: false }), {
      secret: 'x'.repeat(40),
    })
    await exportFrom(stage.folder, { Visitor }, name)
  }

  it('the help of every command has examples, and exits with 0', async () => {
    const { code, stdout } = await stage.run(['--help'])
    assert.equal(code, 0)
    assert.match(stdout, /Exit codes:\n +0 .*\n +1 .*\n +2 /)
    for (const command of COMMANDS) {
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

  it('--version prints the version', async () => {
    assert.match((await stage.run(['--version'])).stdout, /^\d+\.\d+\.\d+\n$/)
  })

  it('an unknown command or option exits with 2 and one sentence', async () => {
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

  it('--json prints every failure on stdout with a code, and keeps the exit code', async () => {
    const unknown = await failure(['sweep'])
    assert.deepEqual(unknown, {
      exit: 2,
      stderr: '',
      code: 'ERR_USAGE',
      message: "unknown command 'sweep'",
      help: 'passport-ephemeral --help lists the commands and options.',
    })
    for (const argv of [[], ['visits'], ['visitors', '--limit', 'x'], ['revoke'], ['migrate', '--yes']]) {
      const { exit, code, message, stderr } = await failure(argv)
      assert.deepEqual([exit, code, stderr], [2, 'ERR_USAGE', ''], argv.join(' '))
      assert.notEqual(message, '')
    }
    const missing = await failure(['visitors', '--config', 'gone.js'])
    assert.deepEqual([missing.exit, missing.code], [2, 'ERR_CONFIGURATION'])
    assert.equal((await stage.run(['--help', '--json'])).code, 0)
  })

  it('a database that cannot be reached is reported without its password', async () => {
    for (const [protocol, name] of [
      ['postgres', 'away.mjs'],
      ['mysql', 'away-too.mjs'],
    ] as const) {
      await exportAt(`${protocol}://kim:hunter2@127.0.0.1:1/app`, name)
      const { exit, code, message } = await failure(['visitors', '--config', name])
      assert.deepEqual([exit, code], [1, 'ERR_DATABASE_UNREACHABLE'])
      assert.match(message, /^The database cannot be reached: .*ECONNREFUSED/)
      assert.doesNotMatch(message, /hunter2/)
    }
  })

  itWhere(!isEmbedded && dialect !== 'sqlite')('tells a refused connection from a failed one', async () => {
    const url = new URL(process.env['DATABASE_URL'] ?? '')
    url.pathname = '/no_such_database_of_passport_ephemeral'
    await exportAt(url.href, 'refused.mjs')
    const { exit, code, message } = await failure(['visitors', '--config', 'refused.mjs'])
    assert.deepEqual([exit, code], [1, 'ERR_DATABASE_REFUSED'])
    assert.match(message, /^The database refused the connection: /)
  })
})
