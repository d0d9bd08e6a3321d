import { resolve } from 'node:path'
import { Sequelize, Transaction, type Options } from 'sequelize'
import { UsageError } from '../usage-error.js'

const DIALECTS = ['postgres:', 'postgresql:', 'mysql:', 'mariadb:', 'sqlite:']

/** A Sequelize instance for a database's address. Nothing is asked of the database yet. */
export function connect(url: string, cwd: string): Sequelize {
  const protocol = /^[a-z]+:/i.exec(url)?.[0].toLowerCase() ?? ''
  if (!DIALECTS.includes(protocol)) {
    // The address is not repeated: it holds a password.
    throw new UsageError(
      'DATABASE_URL must begin with postgres://, mysql:// or mariadb://, or be sqlite: and a path',
    )
  }
  try {
    return protocol === 'sqlite:'
      ? new Sequelize(sqliteOptions(url, cwd))
      : new Sequelize(url, { logging: false, pool: { max: 5 } })
  } catch (error) {
    throw new UsageError(`DATABASE_URL cannot be used: ${(error as Error).message}`, { cause: error })
  }
}

function sqliteOptions(url: string, cwd: string): Options {
  const path = url.slice('sqlite:'.length).replace(/^\/\/(?=\/)/, '')
  if (path === '') throw new UsageError('DATABASE_URL must have a path after sqlite:')
  return {
    dialect: 'sqlite',
    logging: false,
    storage: resolve(cwd, path),
    // A transaction that reads first would be refused when it begins to write.
    transactionType: Transaction.TYPES.IMMEDIATE,
    retry: { match: [/SQLITE_BUSY/], max: 50 },
  }
}
