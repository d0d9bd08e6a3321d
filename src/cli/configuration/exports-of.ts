import { NAMES } from './exports.js'

/** What a configuration module says, and whether it says it to us alone: an application's own module may export more. */
export interface Exported {
  readonly values: Readonly<Record<string, unknown>>
  readonly isForUs: boolean
}

/** The named exports, if any of them is ours; otherwise the default export, or what it returns. CommonJS alike. */
export async function exportsOf(loaded: object): Promise<Exported> {
  if (NAMES.some((name) => name in loaded)) return { values: { ...loaded }, isForUs: false }
  const main = defaultOf(defaultOf(loaded)) // compiled to CommonJS, the default export is within another
  const values: unknown = typeof main === 'function' ? await (main as () => unknown)() : main
  return { values: typeof values === 'object' && values !== null ? { ...values } : {}, isForUs: true }
}

function defaultOf(value: unknown): unknown {
  return typeof value === 'object' && value !== null && 'default' in value ? value.default : value
}
