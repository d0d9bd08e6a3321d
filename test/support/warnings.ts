import { after } from 'node:test'

/**
 * The warnings of this process from now on. A warning is given once a process: a test of another file may
 * have met it first, so call this as the file is imported, which is before any test runs.
 */
export function collectWarnings(): readonly Warning[] {
  const warnings: Warning[] = []
  const listen = (warning: Warning): void => {
    warnings.push(warning)
  }
  process.on('warning', listen)
  after(() => process.off('warning', listen))
  return warnings
}

export interface Warning extends Error {
  readonly code?: string
  readonly detail?: string
}
