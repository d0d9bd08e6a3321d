import { existsSync } from 'node:fs'
import { join, relative, resolve } from 'node:path'
import { pathToFileURL } from 'node:url'
import type { Application } from 'express'
import type { Model, ModelStatic, Sequelize } from 'sequelize'
import { parseCleanupOptions, type CleanupOptions } from '../cleanup/options.js'
import { hostOptions, sequelizeOf } from '../database/columns.js'
import type { GuestModel } from '../guest/guest.js'
import type { Visitor } from '../visitor/visitor.js'
import { readExports, type Exports } from './exports.js'
import { ConfigurationError, UsageError, type ExitCode } from './failure.js'
import type { Io, Output } from './output.js'

/** What the commands work on: what the configuration file exports. */
export interface Configuration {
  /** The configuration file, relative to the working folder. */
  readonly source: string
  readonly sequelize: Sequelize
  readonly Guest?: GuestModel
  readonly Visitor?: typeof Visitor
  /** The application, for `doctor`. */
  readonly app?: Application
  /** The application's options of every clean-up; the command line overrides them. */
  readonly cleanup: CleanupOptions
}

/** A configuration that is in use, until it is closed. */
export interface OpenConfiguration extends Configuration {
  /** Closes the connections to the database, which are the application's own: the process is about to end. */
  readonly close: () => Promise<void>
}

/** What a command does: prints to `output`, and returns the exit code. */
type Work<Given extends unknown[]> = (
  configuration: Configuration,
  output: Output,
  ...given: Given
) => Promise<ExitCode>

/** Makes a command's action: loads its work, opens the configuration, does the work, and closes the database. */
export type Run = <Given extends unknown[]>(
  load: () => Promise<Work<Given>>,
) => (...given: Given) => Promise<void>

const NAME = 'passport-ephemeral.config'
const EXTENSIONS = ['js', 'mjs', 'cjs', 'ts']
const EXAMPLE = `Write ${NAME}.js, with the paths of your application:

  import { sequelize } from './src/database.js'
  import { Guest, Visitor } from './src/models.js'

  export { sequelize, Guest, Visitor }
  export { app } from './src/app.js' // optional, for doctor: must not listen by being imported
  export const cleanup = { retention: { passes: 30 * 24 * 60 * 60 } } // optional`

/**
 * Loads the configuration file: the one that `--config` names, or `passport-ephemeral.config.js` in the working folder.
 *
 * @throws {ConfigurationError} if there is none, it cannot be loaded, or it exports something else than it should
 */
export async function openConfiguration(
  named: string | undefined,
  { cwd, env }: Io,
): Promise<OpenConfiguration> {
  const path = findFile(named, cwd)
  const source = relative(cwd, path)
  const exported = await readExports(source, await load(path, source))
  checkCleanup(source, exported.cleanup)
  const sequelize = sequelizeFrom(source, exported)
  const options = hostOptions(sequelize)
  const { logging } = options
  // The application's log of statements would be mixed into what is printed.
  if (!env['DEBUG']) options.logging = false
  return {
    cleanup: {},
    ...exported,
    source,
    sequelize,
    close: async () => {
      if (logging !== undefined) options.logging = logging
      await sequelize.close()
    },
  }
}

/** @throws {UsageError} if the configuration has no passes */
export function requireVisitor({ Visitor: Passes, source }: Configuration): typeof Visitor {
  if (Passes === undefined) throw new UsageError(`${source} exports no Visitor: this command needs it`)
  return Passes
}

/** @throws {UsageError} if the configuration has no guests */
export function requireGuest({ Guest, source }: Configuration): GuestModel {
  if (Guest === undefined) throw new UsageError(`${source} exports no Guest: this command needs it`)
  return Guest
}

/** @throws {UsageError} if the configuration has neither half */
export function requireModels({ Guest, Visitor: Passes, source }: Configuration): {
  Guest?: GuestModel
  Visitor?: typeof Visitor
} {
  if (Guest === undefined && Passes === undefined) {
    throw new UsageError(`${source} exports neither Guest nor Visitor: this command needs one of them`)
  }
  return { ...(Guest && { Guest }), ...(Passes && { Visitor: Passes }) }
}

function findFile(named: string | undefined, cwd: string): string {
  if (named !== undefined) {
    const path = resolve(cwd, named)
    if (existsSync(path)) return path
    throw new ConfigurationError(`--config names ${path}, and there is no such file`)
  }
  const found = EXTENSIONS.map((extension) => join(cwd, `${NAME}.${extension}`)).find((path) =>
    existsSync(path),
  )
  if (found !== undefined) return found
  throw new ConfigurationError(`There is no ${NAME}.js in ${cwd}, and no --config names another file`, {
    help: EXAMPLE,
  })
}

async function load(path: string, source: string): Promise<object> {
  try {
    return (await import(pathToFileURL(path).href)) as object
  } catch (error) {
    const isTypeScript = (error as NodeJS.ErrnoException).code === 'ERR_UNKNOWN_FILE_EXTENSION'
    throw new ConfigurationError(`${source} cannot be loaded: ${messageOf(error)}`, {
      cause: error,
      help: isTypeScript
        ? 'TypeScript needs Node 22.18 or newer, or a loader: NODE_OPTIONS="--import tsx" passport-ephemeral …'
        : undefined,
    })
  }
}

function checkCleanup(source: string, cleanup: object = {}): void {
  try {
    parseCleanupOptions(`${source}: cleanup`, cleanup)
  } catch (error) {
    throw new ConfigurationError(messageOf(error), { cause: error })
  }
}

function sequelizeFrom(source: string, { sequelize, Guest, Visitor }: Exports): Sequelize {
  const models: ModelStatic<Model>[] = [Guest, Visitor].filter((model) => model !== undefined)
  const [own, ...others] = new Set([...(sequelize ? [sequelize] : []), ...models.map(sequelizeOf)])
  if (own === undefined) {
    throw new ConfigurationError(`${source} exports none of sequelize, Guest and Visitor`, { help: EXAMPLE })
  }
  if (others.length > 0) {
    throw new ConfigurationError(`${source}: Guest, Visitor and sequelize must be of one Sequelize instance`)
  }
  return own
}

function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error)
}
