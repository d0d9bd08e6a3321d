import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { existsSync } from 'node:fs'
import { mkdir, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { parseArgs } from 'node:util'
import { Sequelize } from 'sequelize'
import { DOORS } from './doors.js'

/** The newest that runs on Node 20. */
const STRYKER_VERSION = '9.6.1'
const PACKAGES = [
  `@stryker-mutator/core@${STRYKER_VERSION}`,
  `@stryker-mutator/tap-runner@${STRYKER_VERSION}`,
  'esbuild@0.28.2',
]

const root = join(import.meta.dirname, '../..')
/** A folder of its own: 70 MB that only this command needs. */
const folder = join(root, `node_modules/.cache/stryker-${STRYKER_VERSION}`)
/** How the databases of these tests are named: those of tests that are stopped at the first failure remain. */
const prefix = `mutants_${String(process.pid)}`

const { values } = parseArgs({ options: { mutate: { type: 'string', multiple: true } } })
const chosen = (values.mutate ?? Object.keys(DOORS)).flatMap((list) => list.split(','))

await install()
for (const mutated of chosen) {
  await mutate(mutated).catch((error: unknown) => {
    console.error(error) // the other files are measured nevertheless
    process.exitCode = 1
  })
  await dropDatabases()
}

async function install(): Promise<void> {
  if (existsSync(join(folder, 'node_modules/esbuild'))) return
  await mkdir(folder, { recursive: true })
  await run('npm', [
    'install',
    '--prefix',
    folder,
    '--no-audit',
    '--no-fund',
    '--ignore-scripts',
    ...PACKAGES,
  ])
}

/** @param mutated a file of `DOORS`; as in Stryker, lines may follow it: `src/http/origin.ts:30-50` */
async function mutate(mutated: string): Promise<void> {
  const [file = ''] = mutated.split(':')
  const tests = DOORS[file]
  if (tests === undefined) throw new Error(`${file} is not listed in test/mutants/doors.ts`)
  const config = join(folder, 'config.json')
  await writeFile(config, JSON.stringify(optionsFor(mutated, tests)))
  await run(process.execPath, [
    join(folder, 'node_modules/@stryker-mutator/core/bin/stryker.js'),
    'run',
    config,
  ])
}

function optionsFor(mutated: string, tests: readonly string[]): object {
  return {
    mutate: [mutated],
    // Once, and not by tsx for every mutant: each has a process of its own.
    buildCommand: `${join(folder, 'node_modules/.bin/esbuild')} src/**/*.ts test/**/*.ts --outdir=. --outbase=. --platform=node --log-level=error`,
    testRunner: 'tap',
    tap: {
      testFiles: tests.map((test) => `test/${test}.test.js`),
      nodeArgs: ['--test-reporter=tap', '--test-force-exit'],
    },
    coverageAnalysis: 'perTest',
    concurrency: 1,
    timeoutMS: 20_000, // a busy machine is no killed mutant
    tempDirName: join(tmpdir(), prefix),
    ignorePatterns: ['bench', 'coverage', 'dist', 'docs', 'examples', 'screenshots', '!docs/*.md'],
    disableTypeChecks: false,
    checkers: [],
    reporters: ['clear-text'],
    clearTextReporter: { allowColor: false, allowEmojis: false, logTests: false, reportTests: false },
  }
}

async function run(command: string, args: readonly string[]): Promise<void> {
  const env = { ...process.env, TEST_DATABASE_PREFIX: prefix }
  const [code] = await once(spawn(command, args, { cwd: root, env, stdio: 'inherit' }), 'exit')
  if (code !== 0) throw new Error(`${command} ${args.join(' ')} ended with ${String(code)}`)
}

async function dropDatabases(): Promise<void> {
  const url = process.env['DATABASE_URL']
  if (!url?.startsWith('postgres')) return
  const server = new Sequelize(url, { logging: false })
  const [names] = await server.query(
    'SELECT datname AS name FROM pg_database WHERE starts_with(datname, $1)',
    {
      bind: [prefix],
    },
  )
  for (const { name } of names as { name: string }[]) await server.query(`DROP DATABASE ${name} WITH (FORCE)`)
  await server.close()
}
