import { randomBytes } from 'node:crypto'
import { readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'

/** The settings from the environment; each has a default for a first try. */
export interface Settings {
  /** 0: a free one. */
  readonly port: number
  readonly host: string
  /**
   * The number of reverse proxies before the application. 0: ignore `X-Forwarded-*` headers, which any client can send.
   */
  readonly proxies: number
  readonly production: boolean
  /** `postgres://…`; without it the database runs embedded in this process. */
  readonly databaseUrl: string | undefined
  /** The folder of the embedded database. */
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
 * The secret that signs the session cookie: from the environment, or a random one, stored beside the embedded database
 * so that sessions survive a restart.
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

/** Returns the file's content; if there is no file, writes `text` to it. */
async function keep(text: string, file: string): Promise<string> {
  try {
    await writeFile(file, text, { flag: 'wx', mode: 0o600 })
    return text
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw error
    return await readFile(file, 'utf8')
  }
}
