import { describe, it } from 'node:test'

type Declare = (name: string, run: () => void | Promise<void>) => void

/** Declares a test where it applies. Elsewhere there is none, rather than one that is skipped. */
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
