import { existsSync } from 'node:fs'
import { readFile } from 'node:fs/promises'
import { dirname, join, resolve } from 'node:path'
import { UsageError } from '../usage-error.js'

const KEY = 'passport-ephemeral'
const CONVENTIONAL = ['js', 'mjs', 'cjs'].map((extension) => `${KEY}.config.${extension}`)

/**
 * The configuration module's path: the one that was asked for, or what the nearest `package.json` that says anything
 * about it names, or a conventional name beside a `package.json`. `undefined` if there is none.
 *
 * @throws {UsageError} if one is named that is not there
 */
export async function findModule(asked: string | undefined, cwd: string): Promise<string | undefined> {
  if (asked !== undefined) return existing(resolve(cwd, asked), '--config')
  for (let folder = resolve(cwd); ; folder = dirname(folder)) {
    const manifest = join(folder, 'package.json')
    if (existsSync(manifest)) {
      const named = await namedIn(manifest)
      if (named !== undefined) return existing(resolve(folder, named), manifest)
      const conventional = CONVENTIONAL.map((name) => join(folder, name)).find((path) => existsSync(path))
      if (conventional !== undefined) return conventional
    }
    if (dirname(folder) === folder) return undefined
  }
}

/** `"passport-ephemeral": "./path"`, or `{ "config": "./path" }`. */
async function namedIn(manifest: string): Promise<string | undefined> {
  const entry = (await readManifest(manifest))?.[KEY]
  if (entry === undefined) return undefined
  const named: unknown = isRecord(entry) ? entry['config'] : entry
  if (typeof named !== 'string' || named === '') {
    throw new UsageError(`${manifest}: "${KEY}" must be a path, or { "config": path }`)
  }
  return named
}

async function readManifest(path: string): Promise<Record<string, unknown> | undefined> {
  try {
    const manifest: unknown = JSON.parse(await readFile(path, 'utf8'))
    return isRecord(manifest) ? manifest : undefined
  } catch (error) {
    throw new UsageError(`${path} cannot be read: ${(error as Error).message}`, { cause: error })
  }
}

function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}

function existing(path: string, namedBy: string): string {
  if (existsSync(path)) return path
  throw new UsageError(`${namedBy} names ${path}, and there is no such file`)
}
