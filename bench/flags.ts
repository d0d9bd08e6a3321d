import { parseArgs } from 'node:util'
import type { StoreName } from './servers/settings.js'

/** The command line's settings. */
export interface Flags {
  /** Pairs of rounds for each path. */
  readonly pairs: number
  /** Seconds for each round. */
  readonly seconds: number
  /** Concurrent connections of the load. */
  readonly connections: number
  /** The session store. */
  readonly store: StoreName
  /** Whether to write the table to docs/performance.md. */
  readonly docs: boolean
  /** Only the paths whose name contains this. */
  readonly only: string
}

const DEFAULTS = { pairs: '7', seconds: '3' }
const QUICK = { pairs: '3', seconds: '1' }

/**
 * `--pairs 7 --seconds 3 --connections 8 --store pg --only redeem`, or `--quick` for a short run.
 *
 * @throws {TypeError} if a flag is unknown or invalid; the message names it
 */
export function readFlags(): Flags {
  const { values } = parseArgs({
    options: {
      pairs: { type: 'string' },
      seconds: { type: 'string' },
      connections: { type: 'string', default: '8' },
      only: { type: 'string', default: '' },
      store: { type: 'string', default: 'pg' },
      docs: { type: 'boolean', default: false },
      quick: { type: 'boolean', default: false },
    },
  })
  const defaults = values.quick ? QUICK : DEFAULTS
  const seconds = positive('seconds', values.seconds ?? defaults.seconds)
  return {
    pairs: positive('pairs', values.pairs ?? defaults.pairs),
    seconds,
    connections: positive('connections', values.connections),
    store: storeNamed(values.store),
    docs: values.docs,
    only: values.only,
  }
}

function storeNamed(name: string): StoreName {
  if (name === 'memory' || name === 'pg' || name === 'redis') return name
  throw new TypeError('--store must be memory, pg or redis')
}

function positive(flag: string, text: string): number {
  const value = Number(text)
  if (!(Number.isInteger(value) && value > 0))
    throw new TypeError(`--${flag} must be a positive whole number`)
  return value
}
