import { driverCode } from '../../database/prepared.js'

const CODES = ['42P07', 'ER_DUP_KEYNAME', 'ER_TABLE_EXISTS_ERROR']

/** Says what to do if a migration found that what it makes is there; other errors stay as they are. */
export function explainTablesThere(error: unknown): unknown {
  if (!(error instanceof Error)) return error
  const { cause } = error
  const isThere =
    CODES.includes(driverCode(cause) ?? '') ||
    (cause instanceof Error && cause.message.includes('already exists'))
  if (!isThere) return error
  return new Error(
    'The tables are there already, made by sequelize.sync(), by migrations of your own, or by a run that was cut ' +
      `short; see "Tables that are there already" in docs/operations.md. ${error.message}`,
    { cause: error },
  )
}
