import { Sequelize } from 'sequelize'

/**
 * Nobody waits long for a database that is away: a connection, and a statement of a request, take seconds at most, and what
 * fails is answered by 503. Connections that broke are thrown away and made anew by themselves.
 *
 * @param longestStatement seconds
 */
export function openDatabase(url: string, name: string, longestStatement: number): Sequelize {
  return new Sequelize(url, {
    logging: false,
    pool: { max: 10, acquire: 3000 },
    dialectOptions: {
      application_name: name,
      connectionTimeoutMillis: 2000,
      statement_timeout: longestStatement * 1000,
      idle_in_transaction_session_timeout: 10_000, // a process that hangs must not keep its locks
      keepAlive: true,
    },
  })
}
