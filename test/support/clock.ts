import { mock } from 'node:test'

/** Sets the clock of this process, but no timers: time is injected, never slept. */
export async function at<T>(instant: Date | number, work: () => Promise<T>): Promise<T> {
  mock.timers.enable({ apis: ['Date'], now: instant })
  try {
    return await work()
  } finally {
    mock.timers.reset()
  }
}

/** The same, in so many seconds from now. */
export function later<T>(seconds: number, work: () => Promise<T>): Promise<T> {
  return at(Date.now() + seconds * 1000, work)
}

export const MINUTE = 60
export const HOUR = 60 * MINUTE
export const DAY = 24 * HOUR
