import { existsSync } from 'node:fs'
import { join, relative, resolve } from 'node:path'
import { pathToFileURL } from 'node:url'
import type { Application } from 'express'
import type { Model, ModelStatic, Sequelize } from 'sequelize'
import { EXPRESS_OF_NEST, pathsRule } from '../checks/check-setup.js'
import { parseCleanupOptions, type CleanupOptions } from '../cleanup/options.js'
import { hostOptions, sequelizeOf } from '../database/columns.js'
import { guestModel, type GuestModel } from '../guest/guest.js'
import { anObject, checkOptions, type Rule } from '../options.js'
import { visitorModel, type Visitor } from '../visitor/visitor.js'
import { ConfigurationError, UsageError, type ExitCode } from './failure.js'
import type { Io, Output } from './output.js'

/** Returns the application, or the module that exports it as `app` or by default; or a promise of either. */
type LoadApplication = () => unknown

/** What a configuration file can export. */
interface Exports {
  readonly sequelize?: Sequelize
  readonly Guest?: GuestModel
  readonly Visitor?: typeof Visitor
  /** The application, for `doctor`; or a function that returns it, which `doctor` alone calls. */
  readonly app?: Application | LoadApplication
  /** The paths for which `doctor` asks it. @default ['/'] */
  readonly paths?: readonly string[]
  /** The application's options of every clean-up; the command line overrides them. */
  readonly cleanup?: CleanupOptions
}

/** What the commands work on. */
export interface Configuration extends Exports {
  /** The configuration file, relative to the working folder. */
  readonly source: string
  readonly sequelize: Sequelize
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
const OF_THIS_COPY =
  ' (of this very copy of passport-ephemeral: run npx passport-ephemeral in the folder of the application)'
const AN_APPLICATION = `an Express application (${EXPRESS_OF_NEST})`
const RULES: Readonly<Record<keyof Exports, Rule>> = {
  sequelize: {
    expected: 'a Sequelize instance',
    test: (value) =>
      typeof value === 'object' && value !== null && 'getQueryInterface' in value && 'define' in value,
  },
  Guest: { ...guestModel, expected: guestModel.expected + OF_THIS_COPY },
  Visitor: { ...visitorModel, expected: visitorModel.expected + OF_THIS_COPY },
  app: {
    expected: `${AN_APPLICATION}, or a function that returns one`,
    test: (value) => typeof value === 'function',
  },
  paths: pathsRule,
  cleanup: anObject,
}
const EXAMPLE = `Write ${NAME}.js, with the paths of your application:

  import { sequelize } from './src/database.js'
  import { Guest, Visitor } from './src/models.js'

  export { sequelize, Guest, Visitor }
  export const app = () => import('./src/app.js') // optional, for doctor: must not listen by being imported
  export const paths = ['/', '/convert'] // optional: what doctor asks it for, one for each part
  export const cleanup = { retention: { passes: 30 * 24 * 60 * 60 } } // optional`

/**
 * Loads the configuration file: the one that `--config` names, or `passport-ephemeral.config.js` in the working folder.
 *
 * @throws {ConfigurationError} if there is none, it cannot be loaded, or it exports something else than it should
 */
export async function openConfiguration(named: string | undefined, { cwd, env }: Io): Promise<Configuration> {
  const path = findFile(named, cwd)
  const source = relative(cwd, path)
  const exported = readExports(source, await load(path, source))
  const sequelize = sequelizeFrom(source, exported)
  // The application's log of statements would be mixed into what is printed.
  if (!env['DEBUG']) hostOptions(sequelize).logging = false
  return { ...exported, source, sequelize }
}

/**
 * Loads the application. The file of an application may open connections and query, which no other command needs.
 *
 * @returns `undefined` if the configuration exports none
 * @throws {ConfigurationError} if it cannot be loaded, or is no Express application
 */
export async function loadApplication({ app, source }: Configuration): Promise<Application | undefined> {
  if (app === undefined || isApplication(app)) return app
  let loaded: unknown
  try {
    loaded = await app()
  } catch (error) {
    throw new ConfigurationError(`${source}: app cannot be loaded: ${messageOf(error)}`, { cause: error })
  }
  const { app: named, default: main } = Object(loaded) as { app?: unknown; default?: unknown }
  const found = [loaded, named, main, (Object(main) as { app?: unknown }).app].find(isApplication)
  if (found !== undefined) return found
  throw new ConfigurationError(`${source}: the function 'app' must return ${AN_APPLICATION}`)
}

function isApplication(value: unknown): value is Application {
  return typeof value === 'function' && 'use' in value && 'set' in value
}

/** @throws {UsageError} if the configuration does not export this model */
export function requireModel<Name extends 'Guest' | 'Visitor'>(
  configuration: Configuration,
  name: Name,
): NonNullable<Configuration[Name]> {
  const model = configuration[name]
  if (model != null) return model
  throw new UsageError(`${configuration.source} exports no ${name}: this command needs it`)
}

/** @throws {UsageError} if the configuration has neither half */
export function requireModels({ Guest, Visitor, source }: Configuration): Pick<Exports, 'Guest' | 'Visitor'> {
  if (Guest === undefined && Visitor === undefined) {
    throw new UsageError(`${source} exports neither Guest nor Visitor: this command needs one of them`)
  }
  return { ...(Guest && { Guest }), ...(Visitor && { Visitor }) }
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

/** Reads the named exports, or the properties of the default export; others than ours are the application's. */
function readExports(source: string, loaded: object): Exports {
  const main = defaultOf(loaded)
  // Compiled to CommonJS, the default export is within another.
  const values: Readonly<Record<string, unknown>> = { ...defaultOf(main), ...main, ...loaded }
  const ours = Object.fromEntries(
    Object.keys(RULES)
      .filter((name) => values[name] !== undefined)
      .map((name) => [name, values[name]]),
  )
  try {
    checkOptions(source, ours, RULES)
    parseCleanupOptions(`${source}: cleanup`, ours['cleanup'] ?? {})
  } catch (error) {
    throw new ConfigurationError(messageOf(error).replace(`${source}: option`, `${source}: export`), {
      cause: error,
    })
  }
  refuseOtherNames(source, values)
  return ours
}

function defaultOf(loaded: object): object {
  const { default: value }: { default?: unknown } = loaded
  return typeof value === 'object' && value !== null ? value : {}
}

/** A model under another name would be left out without notice: half of the clean-up would not run. */
function refuseOtherNames(source: string, values: Readonly<Record<string, unknown>>): void {
  for (const name of ['Guest', 'Visitor'] as const) {
    if (values[name] !== undefined) continue
    const other = Object.keys(values).find((each) => RULES[name].test(values[each]))
    if (other !== undefined) {
      throw new ConfigurationError(`${source} exports '${other}': did you mean '${name}'?`)
    }
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
