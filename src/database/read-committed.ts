import { Transaction, type Sequelize, type TransactionOptions } from 'sequelize'
import { hostOptions } from './columns.js'
import { speaksPostgres } from './prepared.js'

/**
 * A transaction of ours that waits for a lock must then see what the one before it has done. On PostgreSQL that is READ
 * COMMITTED, whatever level the host has chosen for its own; what MySQL's level hides, a locking read shows there.
 */
export function readCommitted(sequelize: Sequelize): Pick<TransactionOptions, 'isolationLevel'> {
  if (!speaksPostgres(sequelize)) return {}
  return { isolationLevel: Transaction.ISOLATION_LEVELS.READ_COMMITTED }
}

/** The same where the host's options name a level: it replaces theirs, and costs no statement of its own. */
export function readCommittedInstead(sequelize: Sequelize): Pick<TransactionOptions, 'isolationLevel'> {
  // Sequelize's own default is null, whatever its types say.
  return typeof hostOptions(sequelize).isolationLevel === 'string' ? readCommitted(sequelize) : {}
}
