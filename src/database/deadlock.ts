import { driverCode } from './prepared.js'

const CODES = ['40P01', '40001', 'ER_LOCK_DEADLOCK', 'SQLITE_BUSY']

/** Whether the database gave up on a transaction that may well succeed when tried again. */
export function isDeadlock(error: unknown): boolean {
  return CODES.includes(driverCode(error) ?? '')
}
