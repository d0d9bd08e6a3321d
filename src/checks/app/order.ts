import { markOf } from '../../http/mark.js'
import { before, type Step } from './outline.js'

/** What a step does for those that come after it. */
export type Effect = 'session' | 'user' | 'visitor' | 'merge'

/** What can be said of whether a step's requests have been through something before. */
export type Verdict = 'met' | 'unknown' | 'missing'

/**
 * Whether something stands before a step that has this effect. `unknown` if there is something of which nobody knows what
 * it does: it is the application's, and the probe did not come by.
 */
export function verdictOn(step: Step, effect: Effect): Verdict {
  const earlier = before(step)
  if (earlier.some((other) => has(other, effect))) return 'met'
  return earlier.some((other) => mayHave(other, effect)) ? 'unknown' : 'missing'
}

/** Whether a step is known to have an effect. */
export function has(step: Step, effect: Effect): boolean {
  const { known, seen, mark } = step
  switch (effect) {
    case 'session':
      return known.kind === 'session' || known.kind === 'cookie-session' || seen.broughtSession
    case 'user':
      return known.kind === 'authenticate' && !isVisitorToken(step)
    case 'visitor':
      return isVisitorToken(step) || seen.broughtVisitor
    case 'merge':
      return mark?.name === 'mergeGuest'
  }
}

function mayHave({ known, seen }: Step, effect: Effect): boolean {
  if (known.kind !== 'unknown') return false
  return !seen.passed || (effect === 'user' && seen.usedPassport)
}

/** `passport.authenticate('visitor-token')`, by whatever name. */
export function isVisitorToken(step: Step): boolean {
  return isStrategy(step, 'VisitorTokenStrategy')
}

/** `passport.authenticate('guest')`, by whatever name. */
export function isGuestStrategy(step: Step): boolean {
  return isStrategy(step, 'GuestStrategy')
}

function isStrategy({ known }: Step, name: string): boolean {
  return (
    known.kind === 'authenticate' && known.by.strategies.some((strategy) => markOf(strategy)?.name === name)
  )
}
