import { randomBytes } from 'node:crypto'
import { readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'

/** The settings from the environment; each has a default for a first try. */
export interface Settings {
  /** 0: a free one. */
  readonly port: number
  readonly host: string
  /** The public address of the application, if it is not the one it listens on: behind a proxy, for example. */
  readonly publicUrl: string | undefined
  /**
   * The number of reverse proxies before the application. 0: ignore `X-Forwarded-*` headers, which any client can send.
   */
  readonly proxies: number
  readonly production: boolean
  /** `postgres://…`; without it the database runs embedded in this process. */
  readonly databaseUrl: string | undefined
  /** The folder of the embedded database. */
  readonly dataFolder: string
  /**
   * `smtp://…`; without it a mail server in this process receives all e-mails, and a page shows them to every client.
   */
  readonly smtpUrl: string | undefined
  /** The sender of e-mails: `Name <address>`. */
  readonly mailFrom: string
  /** The password of the account for the operator's pages; without one in production, there is no such account. */
  readonly operatorPassword: string | undefined
}

/** Shown on the home page, so that the operator's pages can be tried. */
export const DEMO_PASSWORD = 'anything goes'

export function readSettings(env: NodeJS.ProcessEnv = process.env): Settings {
  const production = env['NODE_ENV'] === 'production'
  const smtpUrl = env['SMTP_URL']
  if (production && smtpUrl === undefined) {
    throw new Error(
      'Set SMTP_URL to your mail server, such as smtp://user:password@host:587: without it the demo shows every ' +
        'e-mail, and so every link, to every client, which is not for production',
    )
  }
  return {
    port: Number(env['PORT'] ?? 3000),
    host: env['HOST'] ?? 'localhost',
    publicUrl: env['PUBLIC_URL'],
    proxies: Number(env['TRUST_PROXY'] ?? 0),
    production,
    databaseUrl: env['DATABASE_URL'],
    dataFolder: env['REFERENCES_DATA'] ?? join(import.meta.dirname, 'data'),
    smtpUrl,
    mailFrom: env['MAIL_FROM'] ?? 'References <references@localhost>',
    operatorPassword: env['OPERATOR_PASSWORD'] ?? (production ? undefined : DEMO_PASSWORD),
  }
}

/** The secrets that sign the session cookie and the visitors' links. */
export interface Secrets {
  readonly session: string
  readonly visitor: string
}

/**
 * Secrets come from the environment. Without them the embedded demo keeps random ones beside its database, so that
 * links and logins survive a restart; with a database server they last until the process ends.
 */
export async function readSecrets(
  settings: Settings,
  env: NodeJS.ProcessEnv = process.env,
): Promise<Secrets> {
  const { SESSION_SECRET: session, VISITOR_SECRET: visitor } = env
  if (session !== undefined && visitor !== undefined) return { session, visitor }
  if (settings.production)
    throw new Error('Set SESSION_SECRET and VISITOR_SECRET to 32 random characters or more')

  let fallback = randomSecrets()
  if (settings.databaseUrl === undefined)
    fallback = await keep(fallback, join(settings.dataFolder, 'secrets.json'))
  else console.warn('SESSION_SECRET or VISITOR_SECRET is not set: links and logins end with this process.')
  return { session: session ?? fallback.session, visitor: visitor ?? fallback.visitor }
}

function randomSecrets(): Secrets {
  const secret = () => randomBytes(32).toString('base64url')
  return { session: secret(), visitor: secret() }
}

/** Returns the file's content; if there is no file, writes `secrets` to it. */
async function keep(secrets: Secrets, file: string): Promise<Secrets> {
  try {
    await writeFile(file, JSON.stringify(secrets), { flag: 'wx', mode: 0o600 })
    return secrets
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw error
    return JSON.parse(await readFile(file, 'utf8')) as Secrets
  }
}
