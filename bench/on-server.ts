import { randomBytes } from 'node:crypto'
import pg from 'pg'

/** The user must be allowed to create databases; existing ones are not touched. */
const SERVER = process.env['DATABASE_URL'] ?? 'postgres://postgres@127.0.0.1:5432/postgres'

export async function onServer<T>(work: (admin: pg.Client) => Promise<T>): Promise<T> {
  const admin = new pg.Client({ connectionString: SERVER })
  await admin.connect()
  try {
    return await work(admin)
  } finally {
    await admin.end()
  }
}

/** A random name for a new database. */
export function newDatabaseName(): string {
  return `ephemeral_bench_${randomBytes(6).toString('hex')}`
}

export function addressOf(database: string): string {
  const url = new URL(SERVER)
  url.pathname = `/${database}`
  return url.href
}

export async function dropDatabase(name: string): Promise<void> {
  await onServer((admin) => admin.query(`DROP DATABASE ${name} WITH (FORCE)`))
}
