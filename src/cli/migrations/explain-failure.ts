import { driverCode } from '../../database/driver-error.js'

const THERE = ['42P07', 'ER_DUP_KEYNAME', 'ER_TABLE_EXISTS_ERROR']

/** Says what to do about the two ways in which a migration is likely to fail; other errors stay as they are. */
export function explainFailure(error: unknown): unknown {
  if (!(error instanceof Error)) return error
  const { cause } = error
  const code = driverCode(cause) ?? ''
  const text = cause instanceof Error ? cause.message : ''
  if (THERE.includes(code) || text.includes('already exists')) {
    return new Error(
      'The tables are there already, made by sequelize.sync(), by migrations of your own, or by a run that was cut ' +
        `short; see "Tables that are there already" in docs/operations.md. ${error.message}`,
      { cause: error },
    )
  }
  if (isKeyOfAnotherKind(code, text)) {
    return new Error(
      'The column that refers to the users is of another type, character set or collation than their primary key; see ' +
        `"A users table in another character set" in docs/operations.md. ${error.message}`,
      { cause: error },
    )
  }
  return error
}

/** A foreign key that the database does not take: PostgreSQL's 42804, MySQL's words, MariaDB's errno in the text. */
function isKeyOfAnotherKind(code: string, text: string): boolean {
  return ['42804', 'ER_FK_INCOMPATIBLE_COLUMNS'].includes(code) || /errno: 150\b/.test(text)
}
