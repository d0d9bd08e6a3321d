import type { Application } from 'express'
import { guestModel, type GuestModel } from '../../guest/guest.js'
import { aBoolean, checkOptions } from '../../options.js'
import { markOf } from '../../web/mark.js'
import { visitorModel, type Visitor } from '../../visitor/visitor.js'
import { bySeverity, type Finding } from '../finding.js'
import { checkAnswer } from './check-answer.js'
import { checkOrder } from './check-order.js'
import { checkPassport } from './check-passport.js'
import { checkSession } from './check-session.js'
import { checkForms, checkProxy } from './check-surroundings.js'
import { openClosures, type Closures } from './closures.js'
import { routerOf, type ApplicationLike, type RouterLike } from './express-parts.js'
import type { Passport } from './identify.js'
import { isGuestStrategy, isVisitorToken } from './order.js'
import { flat, outlineOf, type Step } from './outline.js'
import { commonBase, sampleOf } from './paths.js'
import { probe, type Probe } from './probe.js'

/** Options of {@link checkSetup}. */
export interface CheckSetupOptions {
  /** Whether this is, or will be, the real thing: some of what is fine at home is an error there. @default `NODE_ENV` is 'production' */
  isProduction?: boolean
  /** The model, from `defineGuestModel`: says that there are guests, where nothing in the application shows it. */
  Guest?: GuestModel
  /** The model, from `defineVisitorModels`: says that there are visitors, where nothing in the application shows it. */
  Visitor?: typeof Visitor
}

/**
 * Looks at an Express application that is set up, and says what is wrong with sessions, Passport and the order of middleware,
 * and how to mend it; errors first. Call it once everything is mounted, whether or not the application listens: in a test,
 * or before `listen()`. `docs/doctor.md` explains each finding.
 *
 * It sends the application one GET for a page that it does not have, over the loopback interface, and gives up after five
 * seconds. The application is not changed, no guest is made, and no session stays behind.
 *
 * @example
 * assert.deepEqual(await checkSetup(app, { isProduction: true }), [])
 *
 * @throws {TypeError} naming the option that is wrong; never because of the application
 */
export async function checkSetup(
  app: Application,
  options: CheckSetupOptions = {},
): Promise<readonly Finding[]> {
  checkOptions('checkSetup', options, { isProduction: aBoolean, Guest: guestModel, Visitor: visitorModel })
  const router = routerOf(app)
  if (router === undefined) return [notExpress]
  const closures = await openClosures()
  try {
    return bySeverity(await look(app as unknown as ApplicationLike, router, closures, options))
  } catch (error) {
    return [notUnderstood(error)]
  } finally {
    closures.close()
  }
}

async function look(
  app: ApplicationLike,
  router: RouterLike,
  closures: Closures,
  options: CheckSetupOptions,
): Promise<Finding[]> {
  const isProduction = options.isProduction ?? process.env['NODE_ENV'] === 'production'
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
    ...(isUsed ? [] : [nothingFound]),
    ...checkAnswer(probed),
    ...checkOrder(steps),
    ...checkPassport(passports, steps, asksForGuests),
    ...checkSession({
      steps,
      req: probed.req,
      isProduction,
      hasGuests: asksForGuests || options.Guest !== undefined,
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

const notExpress: Finding = {
  code: 'app-not-express',
  severity: 'note',
  message: 'This is no application of Express 4 or 5, so it was not looked at.',
  remedy: 'Give checkSetup what express() returned, with everything mounted.',
}

const nothingFound: Finding = {
  code: 'nothing-found',
  severity: 'note',
  message: 'Nothing of this package was found in the application.',
  remedy:
    'Look at the application once everything is mounted. What is called inside functions of yours is not seen.',
}

function notUnderstood(error: unknown): Finding {
  return {
    code: 'app-not-understood',
    severity: 'note',
    message: `The application could not be looked at (${error instanceof Error ? error.message : String(error)}).`,
    remedy: 'Please report it, with the versions of Express, Passport and express-session.',
  }
}
