import { Sequelize } from 'sequelize'

/**
 * Limits the wait for an unavailable database: a connection, and a statement of a request, take seconds at most, and a
 * failure is a 503. Broken connections are replaced automatically.
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
