import { helpFor } from '../help.js'

/** One mistake in a set-up, and its remedy. `docs/doctor.md` explains each. */
export interface Finding {
  /** Stable, in capitals; names the section in `docs/doctor.md`. */
  readonly code: string
  /** `error`: something fails or is insecure; `warning`: it may, or costs much; `note`: may well be intended. */
  readonly severity: Severity
  /** What is wrong, in one sentence. */
  readonly message: string
  /** What to do, with SQL or code where it helps. */
  readonly remedy: string
  /** The address of the section that explains it. */
  readonly help: string
}

type Severity = 'error' | 'warning' | 'note'

const RANKS: readonly Severity[] = ['error', 'warning', 'note']

/** Takes one finding. */
export type Report = (code: string, severity: Severity, message: string, remedy: string) => void

/** Makes a finding; its address follows from its code. */
export function finding(code: string, severity: Severity, message: string, remedy: string): Finding {
  return { code, severity, message, remedy, help: helpFor(code) }
}

/** Errors first; findings of the same severity keep their order. */
export function bySeverity(findings: readonly Finding[]): readonly Finding[] {
  return [...findings].sort((one, other) => RANKS.indexOf(one.severity) - RANKS.indexOf(other.severity))
}
