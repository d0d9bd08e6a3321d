import pg from 'pg'

/** Asks the fleet's database by a connection of its own: it does not have to outlive a restart. */
export async function withDatabase<T>(url: string, ask: (client: pg.Client) => Promise<T>): Promise<T> {
  const client = new pg.Client({ connectionString: url, connectionTimeoutMillis: 2000 })
  client.on('error', () => undefined)
  try {
    await client.connect()
    return await ask(client)
  } finally {
    await client.end()
  }
}
