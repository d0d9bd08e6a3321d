import { describe, it } from 'node:test'

type Declare = (name: string, run: () => void | Promise<void>) => void

/** Declares a test if it applies; otherwise there is no test, not even a skipped one. */
export function itWhere(applies: boolean): Declare {
  return (name, run) => {
    if (applies) void it(name, run)
  }
}

/** The same for a group of tests. */
export function describeWhere(applies: boolean): Declare {
  return (name, run) => {
    if (applies) void describe(name, run)
  }
}
