import { listed, type Finding } from '../finding.js'
import { has, isGuestStrategy, isVisitorToken, verdictOn, type Effect } from './order.js'
import { afterwards, type Step } from './outline.js'

/** What asks who a user is. */
const USER_READERS = [
  'ensureGuest',
  'ensureRegularUser',
  'exceptGuests',
  'guestLogout',
  'loadGuest',
  'mergeGuest',
  'convertRouter',
]

/** Whether what this package needs stands before what needs it. Only what is known is claimed. */
export function checkOrder(steps: readonly Step[]): Finding[] {
  return [
    ...checkSessionFirst(steps),
    ...checkUserFirst(steps),
    ...checkVisitorFirst(steps),
    ...checkMergeFirst(steps),
  ]
}

function checkSessionFirst(steps: readonly Step[]): Finding[] {
  const needy = steps.filter(
    (step) =>
      isVisitorToken(step) ||
      isGuestStrategy(step) ||
      step.mark?.name === 'ensureVisitor' ||
      readsUser(step) ||
      (step.known.kind === 'authenticate' && step.known.by.names.includes('session')),
  )
  const { missing, isLater } = without(needy, 'session')
  if (missing.length === 0) return []
  return [
    {
      code: 'session-missing',
      severity: 'error',
      message: `No session stands before ${namesOf(missing)}${isLater ? ': it comes later' : ''}.`,
      remedy: 'Put app.use(session({ … })) of express-session before all of Passport.',
    },
  ]
}

function checkUserFirst(steps: readonly Step[]): Finding[] {
  const needy = steps.filter(
    (step) =>
      readsUser(step) ||
      (isGuestStrategy(step) && step.known.kind === 'authenticate' && step.known.by.logsIn),
  )
  const { missing, isLater } = without(needy, 'user')
  if (missing.length === 0) return []
  return [
    {
      code: 'passport-session-missing',
      severity: 'error',
      message: `No passport.session() stands before ${namesOf(missing)}${isLater ? ': it comes later' : ''}; nobody is logged in there.`,
      remedy: 'Put app.use(passport.session()) right after the session.',
    },
  ]
}

function checkVisitorFirst(steps: readonly Step[]): Finding[] {
  const guards = steps.filter(({ mark }) => mark?.name === 'ensureVisitor')
  const { missing, isLater } = without(guards, 'visitor')
  if (missing.length === 0) return []
  return [
    {
      code: 'visitor-token-missing',
      severity: 'error',
      message: `No passport.authenticate('visitor-token') stands before ${namesOf(missing)}${isLater ? ': it comes later' : ''}; nobody is let in there.`,
      remedy:
        "Put app.use(passport.authenticate('visitor-token')) after passport.session() and before the routes, and passport.use(new VisitorTokenStrategy({ Visitor })).",
    },
  ]
}

function readsUser({ mark }: Step): boolean {
  return mark !== undefined && USER_READERS.includes(mark.name)
}

/** A login that knows nothing of the merge leaves a guest's things behind. */
function checkMergeFirst(steps: readonly Step[]): Finding[] {
  if (!steps.some((step) => has(step, 'merge'))) return []
  const logins = steps.filter(
    (step) =>
      step.known.kind === 'authenticate' &&
      step.known.by.logsIn &&
      !step.known.by.names.includes('session') &&
      !isVisitorToken(step) &&
      !isGuestStrategy(step),
  )
  const { missing } = without(logins, 'merge')
  if (missing.length === 0) return []
  return [
    {
      code: 'merge-after-login',
      severity: 'warning',
      message: `mergeGuest does not stand before ${namesOf(missing)}: a guest who logs in there loses everything.`,
      remedy: 'Put app.use(mergeGuest({ Guest })) after passport.session() and before every login.',
    },
  ]
}

function without(
  needy: readonly Step[],
  effect: Effect,
): { readonly missing: readonly Step[]; readonly isLater: boolean } {
  const missing = needy.filter((step) => verdictOn(step, effect) === 'missing')
  const isLater = missing.some((step) => afterwards(step).some((other) => has(other, effect)))
  return { missing, isLater }
}

function namesOf(steps: readonly Step[]): string {
  return listed(steps.map(nameOf))
}

function nameOf({ mark, known, where }: Step): string {
  const name =
    mark?.name ??
    (known.kind === 'authenticate' ? `passport.authenticate('${known.by.names.join("', '")}')` : 'it')
  return `${name} (${where})`
}
