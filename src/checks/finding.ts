/** One thing that is wrong, or may be, and how to mend it. `docs/doctor.md` says more of each. */
export interface Finding {
  /** What kind of thing it is, in kebab-case. Stable, and an anchor in `docs/doctor.md`. */
  readonly code: string
  /** `error`: something fails or stands open; `warning`: it may, or costs much; `note`: good to know. */
  readonly severity: 'error' | 'warning' | 'note'
  /** What is wrong, in one sentence. */
  readonly message: string
  /** What to do, with SQL or code where it helps. */
  readonly remedy: string
}

const RANKS: readonly Finding['severity'][] = ['error', 'warning', 'note']

/** Errors first; what was found first stays first among its like. */
export function bySeverity(findings: readonly Finding[]): readonly Finding[] {
  return [...findings].sort((one, other) => RANKS.indexOf(one.severity) - RANKS.indexOf(other.severity))
}

/** A list of names in a sentence; past a few, how many more there are. */
export function listed(names: readonly string[]): string {
  const distinct = [...new Set(names)]
  const shown = distinct.slice(0, 5).join(', ')
  return distinct.length > 5 ? `${shown} and ${distinct.length - 5} more` : shown
}
