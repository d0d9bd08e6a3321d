import assert from 'node:assert/strict'
import { spawn } from 'node:child_process'
import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { text } from 'node:stream/consumers'
import { after, before, describe, it } from 'node:test'
import { isEmbedded } from '../support/database.js'
import { openStage, urlOf, type Run, type Stage } from './stage.js'
import { describeWhere } from '../support/where.js'

const BIN = join(import.meta.dirname, '../../src/cli/bin.ts')
const INDEX = join(import.meta.dirname, '../../src/index.ts')

/** The command line as a process of its own; `onOutput` sees it while it runs. */
async function spawned(
  folder: string,
  argv: readonly string[],
  onOutput: (kill: (signal: NodeJS.Signals) => void) => void = () => undefined,
): Promise<Run> {
  const child = spawn(process.execPath, ['--import', import.meta.resolve('tsx'), BIN, ...argv], {
    cwd: folder,
  })
  child.stderr.once('data', () => {
    onOutput((signal) => child.kill(signal))
  })
  const ended = new Promise<number>((resolve) =>
    child.once('close', (code) => {
      resolve(code ?? -1)
    }),
  )
  const [stdout, stderr, code] = await Promise.all([text(child.stdout), text(child.stderr), ended])
  return { code, stdout, stderr }
}

describeWhere(!isEmbedded)('the process, with a configuration module', () => {
  let stage: Stage
  before(async () => {
    stage = await openStage()
    await writeFile(
      join(stage.folder, 'own.ts'),
      `import { createServer } from 'node:net'
       import { createRequire } from 'node:module'
       import { defineGuestModel, defineVisitorModels } from ${JSON.stringify(INDEX)}
       const { DataTypes, Sequelize } = createRequire(${JSON.stringify(INDEX)})('sequelize')
       createServer().listen(0) // stays open, as a pool of Redis connections does
       console.log('chatter of the application')
       const url: string = ${JSON.stringify(urlOf(stage.sequelize))}
       export const sequelize = new Sequelize(url)
       const User = sequelize.define('User', { username: DataTypes.STRING }, { timestamps: true })
       export const Guest = defineGuestModel(sequelize, { User, maxAge: 1 })
       export const { Visitor } = defineVisitorModels(sequelize, { secret: 'x'.repeat(40) })
       export const cleanup = {
         batchSize: 1,
         onProgress: async ({ kind }: { kind: string }) => {
           if (kind !== 'guests') return
           console.log('begun')
           await new Promise((resolve) => setTimeout(resolve, 500))
         },
       }`,
    )
  })
  after(() => stage.close())

  it('the process prints one document although the application prints too, and ends although that leaves a server open', async () => {
    const { code, stdout, stderr } = await spawned(stage.folder, ['visitors', '--json', '--config', 'own.ts'])
    assert.equal(code, 0, stderr)
    assert.deepEqual(JSON.parse(stdout), { passes: [], hasMore: false })
    assert.match(stderr, /chatter of the application/)
  })

  it('a promise that the application leaves to be rejected is named, and changes no exit code', async () => {
    await writeFile(
      join(stage.folder, 'querying.ts'),
      `import { sequelize, Visitor } from './own.ts'
       const close = sequelize.close.bind(sequelize)
       sequelize.close = async () => {
         void Promise.reject(new Error('Connections are closed')) // as a query that is under way
         await close()
       }
       export { Visitor }`,
    )
    const { code, stdout, stderr } = await spawned(stage.folder, ['visitors', '--config', 'querying.ts'])
    assert.deepEqual([code, stdout], [0, 'No passes.\n'], stderr)
    assert.match(
      stderr,
      /^passport-ephemeral: a promise of the application was rejected: Connections are closed$/m,
    )
  })

  it('the process finishes its batch on a signal, and exits with 1', async () => {
    for (const username of ['one', 'two', 'three']) {
      const user = await stage.User.create({ username })
      await stage.Guest.create({ userId: user.get('id') as number, createdAt: new Date(0) })
    }
    let killed = false
    const child = spawned(stage.folder, ['cleanup', '--json', '--config', 'own.ts'], (kill) => {
      const poll = setInterval(() => {
        void stage.User.count().then((count) => {
          if (count === 3 || killed) return
          killed = true
          clearInterval(poll)
          kill('SIGTERM')
        })
      }, 20)
    })
    const { code, stdout, stderr } = await child
    assert.equal(code, 1, stderr)
    const { stoppedBy, guests } = JSON.parse(stdout) as { stoppedBy: string; guests: number }
    assert.equal(stoppedBy, 'signal')
    assert.equal(await stage.User.count(), 3 - guests)
    assert.ok(guests < 3)
  })
})

describe('the process, without a configuration', () => {
  let stage: Stage
  before(async () => {
    stage = await openStage()
  })
  after(() => stage.close())

  it('the process ends with the exit code of its command', async () => {
    assert.equal((await spawned(stage.folder, ['--version'])).code, 0)
    const { code, stdout, stderr } = await spawned(stage.folder, ['sweep'])
    assert.deepEqual([code, stdout], [2, ''])
    assert.equal(
      stderr,
      "passport-ephemeral: unknown command 'sweep'\npassport-ephemeral --help lists the commands and options.\n",
    )
  })
})
