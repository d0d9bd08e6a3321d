import assert from 'node:assert/strict'
import { execFile } from 'node:child_process'
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, before, describe, it } from 'node:test'
import { promisify } from 'node:util'

const BIN = join(import.meta.dirname, '../../src/cli/bin.ts')
const run = promisify(execFile)

/** A loader hook that writes down each module that is loaded, and hides umzug where that is asked for. */
const HOOKS = `
  import { appendFileSync } from 'node:fs'
  export async function resolve(specifier, context, next) {
    if (specifier === 'umzug' && process.env.HIDE_UMZUG) {
      throw Object.assign(new Error("Cannot find package 'umzug'"), { code: 'ERR_MODULE_NOT_FOUND' })
    }
    return next(specifier, context)
  }
  export async function load(url, context, next) {
    appendFileSync(process.env.LOADED, url + '\\n')
    return next(url, context)
  }`
/** Modules of CommonJS load each other without the hook. */
const PRELOAD = `
  import { appendFileSync } from 'node:fs'
  import { createRequire, register } from 'node:module'
  register(new URL('./hooks.mjs', import.meta.url))
  const { cache } = createRequire(import.meta.url)
  process.on('exit', () => appendFileSync(process.env.LOADED, Object.keys(cache).join('\\n') + '\\n'))`

describe('the modules that a command loads', () => {
  let folder: string
  let runs = 0
  before(async () => {
    folder = await mkdtemp(join(tmpdir(), 'passport-ephemeral-help-'))
    await writeFile(join(folder, 'package.json'), '{ "type": "module" }')
    await writeFile(join(folder, 'hooks.mjs'), HOOKS)
    await writeFile(join(folder, 'preload.mjs'), PRELOAD)
  })
  after(() => rm(folder, { recursive: true, force: true }))

  async function loadedBy(argv: readonly string[]): Promise<{ stdout: string; modules: string[] }> {
    const loaded = join(folder, `loaded-${(runs += 1)}.txt`)
    const preload = ['--import', import.meta.resolve('tsx'), '--import', join(folder, 'preload.mjs')]
    const { stdout } = await run(process.execPath, [...preload, BIN, ...argv], {
      cwd: folder,
      env: { ...process.env, LOADED: loaded },
    })
    const modules = (await readFile(loaded, 'utf8')).trim().split('\n')
    assert.ok(modules.some((module) => module.includes('/src/cli/main.ts')))
    return { stdout, modules: [...new Set(modules.map((module) => module.replace(/^file:\/\//, '')))] }
  }

  for (const argv of [['--help'], ['--version'], ['cleanup', '--help'], ['help', 'migrate']]) {
    it(`${argv.join(' ')} loads neither Sequelize nor a model`, async () => {
      const { stdout, modules } = await loadedBy(argv)
      assert.match(stdout, /passport-ephemeral|\d+\.\d+\.\d+/)
      assert.deepEqual(
        modules.filter((module) => /\/node_modules\/(sequelize|umzug|express|pg)\//.test(module)),
        [],
      )
      assert.deepEqual(
        modules.filter((module) => module.includes('/src/') && !module.includes('/src/cli/')),
        [],
      )
    })
  }

  it('only migrate loads umzug, and it prints how to install it where it is missing', async () => {
    const index = JSON.stringify(join(import.meta.dirname, '../../src/index.ts'))
    await writeFile(
      join(folder, 'passport-ephemeral.config.ts'),
      `import { createRequire } from 'node:module'
       import { defineVisitorModels } from ${index}
       const { Sequelize } = createRequire(${index})('sequelize')
       export const sequelize = new Sequelize('postgres://127.0.0.1:1/none', { logging: false })
       export const { Visitor } = defineVisitorModels(sequelize, { secret: 'x'.repeat(40) })`,
    )
    const error = await failureOf(['migrate', '--status', '--json'])
    assert.equal(error.code, 'ERR_UMZUG_MISSING')
    assert.match(error.help, /^Install it: npm install umzug\./)
    assert.equal((await failureOf(['visitors', '--json'])).code, 'ERR_DATABASE_UNREACHABLE')
  })

  async function failureOf(argv: readonly string[]): Promise<{ code: string; help: string }> {
    const preload = ['--import', import.meta.resolve('tsx'), '--import', join(folder, 'preload.mjs')]
    const env = { ...process.env, LOADED: join(folder, 'loaded.txt'), HIDE_UMZUG: 'yes' }
    const { stdout } = (await run(process.execPath, [...preload, BIN, ...argv], { cwd: folder, env }).catch(
      (error: unknown) => error,
    )) as { stdout: string }
    return (JSON.parse(stdout) as { error: { code: string; help: string } }).error
  }
})
