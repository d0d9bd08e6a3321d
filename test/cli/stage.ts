import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { PassThrough } from 'node:stream'
import type { Model, ModelAttributes, Sequelize } from 'sequelize'
import { main } from '../../src/cli/main.js'
import { hostOptions } from '../../src/database/columns.js'
import type { GuestModelOptions } from '../../src/guest/model-options.js'
import type { VisitorModelOptions } from '../../src/visitor/models.js'
import { dialect, openDatabase } from '../support/database.js'
import { defineHostModels, plainUser, type Host } from '../support/host-application.js'

/** What a run of the command line left behind. */
export interface Run {
  readonly code: number
  readonly stdout: string
  readonly stderr: string
}

/** How a run differs from one in a pipe. */
export interface RunOptions {
  readonly env?: Readonly<Record<string, string>>
  /** Columns of a terminal that both streams are. */
  readonly terminal?: number
  readonly cwd?: string
}

/** An application of which the command line looks after the database, with a configuration module in a folder. */
export interface Stage extends Pick<Host, 'sequelize' | 'User' | 'Guest' | 'Visitor' | 'VisitorLog'> {
  readonly folder: string
  /** How often the command line has closed the database, which stays open for the test. */
  readonly closed: () => number
  readonly takeStatements: () => string[]
  readonly run: (argv: readonly string[], options?: RunOptions) => Promise<Run>
  /** The document that `--json` printed. */
  readonly json: (argv: readonly string[], options?: RunOptions) => Promise<Run & { document: unknown }>
  readonly close: () => Promise<void>
}

/** How the application differs from the usual. */
export interface StageOptions {
  readonly visitor?: Partial<VisitorModelOptions>
  readonly guest?: Partial<GuestModelOptions<Model>>
  readonly user?: ModelAttributes
  readonly userOptions?: Parameters<typeof plainUser>[1]
  /** @default true */
  readonly sync?: boolean
  /** More that the module exports. */
  readonly exports?: object
}

const CONFIG = 'passport-ephemeral.config.mjs'

/** Opens a database with the tables of both halves, and a folder with a configuration module. */
export async function openStage(options: StageOptions = {}): Promise<Stage> {
  const database = await openDatabase()
  const { sequelize } = database
  const models = defineHostModels(sequelize, {
    defineUser: plainUser(options.user, options.userOptions),
    ...(options.visitor && { visitor: options.visitor }),
    ...(options.guest && { guest: options.guest }),
  })
  const close = sequelize.close.bind(sequelize)
  let closed = 0
  const { logging } = hostOptions(sequelize)
  sequelize.close = () => {
    closed += 1
    if (logging !== undefined) hostOptions(sequelize).logging = logging
    return Promise.resolve()
  }
  const folder = await mkdtemp(join(tmpdir(), 'passport-ephemeral-cli-'))
  if (options.sync !== false) await sequelize.sync()
  await models.User.sync()
  const { Guest, Visitor } = models
  await exportFrom(folder, { sequelize, Guest, Visitor, ...options.exports })
  const run: Stage['run'] = (argv, runOptions) => runIn(folder, argv, runOptions)
  return {
    sequelize,
    ...models,
    folder,
    closed: () => closed,
    takeStatements: database.takeStatements,
    run,
    json: async (argv, runOptions) => {
      const done = await run([...argv, '--json'], runOptions)
      return { ...done, document: JSON.parse(done.stdout) }
    },
    close: async () => {
      sequelize.close = close
      await database.close()
      await rm(folder, { recursive: true, force: true })
    },
  }
}

/** Writes a configuration module that exports these very values. */
export async function exportFrom(folder: string, exports: object, name = CONFIG): Promise<void> {
  const key = `passport-ephemeral test ${folder}/${name}`
  Object.assign(globalThis, { [key]: exports })
  const lines = Object.keys(exports).map(
    (each) => `export const ${each} = globalThis[${JSON.stringify(key)}].${each}\n`,
  )
  await writeFile(join(folder, 'package.json'), '{ "type": "module" }')
  await writeFile(join(folder, name), lines.join(''))
}

/** Runs the command line in this process. */
export async function runIn(
  folder: string,
  argv: readonly string[],
  { env = {}, terminal, cwd = folder }: RunOptions = {},
): Promise<Run> {
  const stdout = stream(terminal)
  const stderr = stream(terminal)
  const code = await main(argv, { stdout, stderr, env, cwd })
  return { code, stdout: textOf(stdout), stderr: textOf(stderr) }
}

function stream(terminal: number | undefined): PassThrough & { isTTY?: boolean; columns?: number } {
  return Object.assign(new PassThrough(), terminal === undefined ? {} : { isTTY: true, columns: terminal })
}

function textOf(written: PassThrough): string {
  return String((written.read() as Buffer | null) ?? '')
}

/** The address of a test's own database, for another process. */
export function urlOf(sequelize: Sequelize): string {
  if (dialect === 'sqlite') return `sqlite:${hostOptions(sequelize).storage ?? ''}`
  const url = new URL(process.env['DATABASE_URL'] ?? '')
  url.pathname = `/${sequelize.getDatabaseName()}`
  return url.href
}
