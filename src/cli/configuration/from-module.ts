import { relative } from 'node:path'
import { pathToFileURL } from 'node:url'
import type { Model, ModelStatic, Sequelize } from 'sequelize'
import { sequelizeOf } from '../../database/columns.js'
import { parseCleanupOptions } from '../../cleanup/options.js'
import { UsageError } from '../usage-error.js'
import type { Configuration } from './configuration.js'
import { checkExports, type Exports } from './exports.js'
import { exportsOf } from './exports-of.js'

/**
 * The application's own models, from a module of its own.
 *
 * @throws {UsageError} if the module cannot be loaded, or exports something else than it should
 */
export async function fromModule(path: string, cwd: string): Promise<Configuration> {
  const source = relative(cwd, path) || path
  const exported = await exportsOf(await load(path, source)).catch((error: unknown) => {
    throw new UsageError(`${source}: its function failed: ${said(error)}`, { cause: error })
  })
  const exports = checkExports(source, exported)
  const { Guest, Visitor, app, cleanup = {} } = exports
  checkCleanup(source, cleanup)
  return {
    source,
    sequelize: sequelizeFrom(source, exports),
    ...(Guest && { Guest }),
    ...(Visitor && { Visitor }),
    ...(app && { app }),
    cleanup,
    hasSecret: true,
    hasMaxAge: true,
  }
}

async function load(path: string, source: string): Promise<object> {
  try {
    return (await import(pathToFileURL(path).href)) as object
  } catch (error) {
    const hint =
      (error as NodeJS.ErrnoException).code === 'ERR_UNKNOWN_FILE_EXTENSION'
        ? ' (TypeScript needs a loader: NODE_OPTIONS="--import tsx" passport-ephemeral …)'
        : ''
    throw new UsageError(`${source} cannot be loaded: ${said(error)}${hint}`, { cause: error })
  }
}

function said(error: unknown): string {
  return error instanceof Error ? error.message : String(error)
}

function checkCleanup(source: string, cleanup: object): void {
  try {
    parseCleanupOptions(`${source}: cleanup`, cleanup)
  } catch (error) {
    throw new UsageError(said(error), { cause: error })
  }
}

function sequelizeFrom(source: string, { sequelize, Guest, Visitor }: Exports): Sequelize {
  const models: ModelStatic<Model>[] = [Guest, Visitor].filter((model) => model !== undefined)
  const [own, ...others] = new Set([...(sequelize ? [sequelize] : []), ...models.map(sequelizeOf)])
  if (own === undefined) {
    throw new UsageError(`${source} exports none of sequelize, Guest and Visitor, and one of them is needed`)
  }
  if (others.length > 0) {
    throw new UsageError(`${source}: Guest, Visitor and sequelize must be of one Sequelize instance`)
  }
  return own
}
