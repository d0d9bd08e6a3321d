import { randomBytes } from 'node:crypto'
import { readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'

/** What the environment says; everything has a default that suits a first look. */
export interface Settings {
  /** 0 picks a free one. */
  readonly port: number
  readonly host: string
  /** How many reverse proxies stand in front. 0: believe no `X-Forwarded-*` header, anybody can send one. */
  readonly proxies: number
  readonly production: boolean
  /** `postgres://…`; without it the database runs embedded in this process. */
  readonly databaseUrl: string | undefined
  /** Where the embedded database lives. */
  readonly dataFolder: string
}

export function readSettings(env: NodeJS.ProcessEnv = process.env): Settings {
  return {
    port: Number(env['PORT'] ?? 3001),
    host: env['HOST'] ?? 'localhost',
    proxies: Number(env['TRUST_PROXY'] ?? 0),
    production: env['NODE_ENV'] === 'production',
    databaseUrl: env['DATABASE_URL'],
    dataFolder: env['TODO_DATA'] ?? join(import.meta.dirname, 'data'),
  }
}

/**
 * What signs the session cookie: from the environment, or else a random one, kept beside the embedded database so that
 * a restart throws nobody out.
 */
export async function readSessionSecret(
  { production, databaseUrl, dataFolder }: Settings,
  env: NodeJS.ProcessEnv = process.env,
): Promise<string> {
  const secret = env['SESSION_SECRET']
  if (secret !== undefined) return secret
  if (production) throw new Error('Set SESSION_SECRET to 32 random characters or more')
  const fallback = randomBytes(32).toString('base64url')
  if (databaseUrl === undefined) return await keep(fallback, join(dataFolder, 'session-secret'))
  console.warn('SESSION_SECRET is not set: every session ends with this process.')
  return fallback
}

/** What the file holds already, or else `text`, once written to it. */
async function keep(text: string, file: string): Promise<string> {
  try {
    await writeFile(file, text, { flag: 'wx', mode: 0o600 })
    return text
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw error
    return await readFile(file, 'utf8')
  }
}
