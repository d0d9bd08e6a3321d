import { randomBytes } from 'node:crypto'
import { readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'

/** What the environment says; everything has a default that suits a first look. */
export interface Settings {
  /** 0 picks a free one. */
  readonly port: number
  readonly host: string
  /** Where people reach the application, if that is not where it listens: behind a proxy, say. */
  readonly publicUrl: string | undefined
  /** How many reverse proxies stand in front. 0: believe no `X-Forwarded-*` header, anybody can send one. */
  readonly proxies: number
  readonly production: boolean
  /** `postgres://…`; without it the database runs embedded in this process. */
  readonly databaseUrl: string | undefined
  /** Where the embedded database lives. */
  readonly dataFolder: string
  /** `smtp://…`; without it a mail server in this process takes all e-mails, and a page shows them to everybody. */
  readonly smtpUrl: string | undefined
  /** Whom e-mails come from: `Name <address>`. */
  readonly mailFrom: string
}

export function readSettings(env: NodeJS.ProcessEnv = process.env): Settings {
  const production = env['NODE_ENV'] === 'production'
  const smtpUrl = env['SMTP_URL']
  if (production && smtpUrl === undefined) {
    throw new Error(
      'Set SMTP_URL to your mail server, such as smtp://user:password@host:587: without it the demo shows every ' +
        'e-mail, and so every link, to everybody, which is not for production',
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
  }
}

/** What signs the session cookie, and what signs the visitors' links. */
export interface Secrets {
  readonly session: string
  readonly visitor: string
}

/**
 * Secrets come from the environment. Without them the embedded demo keeps random ones beside its database, so that
 * links and logins survive a restart; in front of a database server they last until the process ends.
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

/** What the file holds already, or else `secrets`, once written to it. */
async function keep(secrets: Secrets, file: string): Promise<Secrets> {
  try {
    await writeFile(file, JSON.stringify(secrets), { flag: 'wx', mode: 0o600 })
    return secrets
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw error
    return JSON.parse(await readFile(file, 'utf8')) as Secrets
  }
}
