import { driverCode } from './prepared.js'

const CODES = ['40P01', '40001', 'ER_LOCK_DEADLOCK', 'SQLITE_BUSY']
const MAX_ATTEMPTS = 5

/** Whether the database gave up on a transaction that may well succeed when tried again. */
export function isDeadlock(error: unknown): boolean {
  return CODES.includes(driverCode(error) ?? '')
}

/** Runs a transaction of its own again, a bounded number of times, if the database chose it to end a deadlock. */
export async function retryOnDeadlock<T>(transaction: () => Promise<T>): Promise<T> {
  for (let attempt = 1; ; attempt++) {
    try {
      return await transaction()
    } catch (error) {
      if (!isDeadlock(error) || attempt >= MAX_ATTEMPTS) throw error
    }
  }
}
