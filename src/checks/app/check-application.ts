import { markOf } from '../../http/mark.js'
import type { Finding } from '../finding.js'
import { checkAnswer } from './check-answer.js'
import { checkOrder } from './check-order.js'
import { checkPassport } from './check-passport.js'
import { checkSession } from './check-session.js'
import { checkForms, checkProxy } from './check-surroundings.js'
import type { Closures } from './closures.js'
import type { ApplicationLike, RouterLike } from './express-parts.js'
import type { Passport } from './identify.js'
import { isGuestStrategy, isVisitorToken } from './order.js'
import { flat, outlineOf, type Step } from './outline.js'
import { commonBase, sampleOf } from './paths.js'
import { probe, type Probe } from './probe.js'

/** What is known of an application beforehand. */
export interface Circumstances {
  readonly isProduction: boolean
  /** Whether there are guests, even if nothing in the application shows it. */
  readonly hasGuests: boolean
}

/** Everything that can be said of an application; in no order. */
export async function checkApplication(
  app: ApplicationLike,
  router: RouterLike,
  closures: Closures,
  { isProduction, hasGuests }: Circumstances,
): Promise<Finding[]> {
  const tree = outlineOf(router, closures)
  const steps = flat(tree)
  const ours = steps.filter(
    (step) => step.mark !== undefined || isVisitorToken(step) || isGuestStrategy(step),
  )
  const probed = await probe(app, tree, commonBase(ours.map(({ path }) => sampleOf(path) ?? '')))

  const passports = passportsOf(steps, probed, closures)
  const asksForGuests = passports.some(makesGuests) || ours.some(asksForGuest)
  const isUsed = ours.length > 0 || passports.some(isOurs) || steps.some(({ seen }) => seen.broughtVisitor)
  return [
    ...(closures.isBlind ? [seenFromOutside] : []),
    ...(isUsed ? [] : [nothingFound]),
    ...checkAnswer(probed),
    ...checkOrder(steps),
    ...checkPassport(passports, steps, asksForGuests),
    ...checkSession({
      steps,
      req: probed.req,
      isProduction,
      hasGuests: hasGuests || asksForGuests,
    }),
    ...checkForms(ours),
    ...checkProxy(app, isProduction),
  ]
}

/** Every Passport that is used, wherever it can be found. */
function passportsOf(steps: readonly Step[], { req }: Probe, closures: Closures): Passport[] {
  const { _passport, _sessionManager } = (req ?? {}) as {
    readonly _passport?: { readonly instance?: unknown }
    readonly _sessionManager?: { readonly _serializeUser?: unknown }
  }
  const serialize = _sessionManager?._serializeUser
  const found: unknown[] = [
    ...steps.map(({ known }) =>
      known.kind === 'initialize'
        ? known.passport
        : known.kind === 'authenticate'
          ? known.by.passport
          : undefined,
    ),
    _passport?.instance,
    typeof serialize === 'function' ? closures.boundThisOf(serialize) : undefined,
  ]
  return [...new Set(found)].filter(
    (each): each is Passport => typeof each === 'object' && each !== null && '_strategies' in each,
  )
}

function makesGuests({ _strategies = {} }: Passport): boolean {
  return Object.values(_strategies).some((strategy) => markOf(strategy)?.name === 'GuestStrategy')
}

function isOurs({ _strategies = {} }: Passport): boolean {
  return Object.values(_strategies).some((strategy) => markOf(strategy) !== undefined)
}

const OF_VISITORS: readonly string[] = ['ensureVisitor', 'selfServiceRouter', 'guestLocals']

function asksForGuest(step: Step): boolean {
  return isGuestStrategy(step) || (step.mark !== undefined && !OF_VISITORS.includes(step.mark.name))
}

const nothingFound: Finding = {
  code: 'nothing-found',
  severity: 'note',
  message: 'Nothing of this package was found in the application.',
  remedy:
    'Look at the application once everything is mounted. What is called inside functions of yours is not seen.',
}

const seenFromOutside: Finding = {
  code: 'seen-from-outside',
  severity: 'note',
  message:
    'This process has no inspector to look into functions with: what Passport and the session were told is not known.',
  remedy: 'Run the check on a Node.js with the inspector, and without --permission.',
}
