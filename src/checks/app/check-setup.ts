import type { Application } from 'express'
import { guestModel, type GuestModel } from '../../guest/guest.js'
import { aBoolean, checkOptions } from '../../options.js'
import { visitorModel, type Visitor } from '../../visitor/visitor.js'
import { bySeverity, type Finding } from '../finding.js'
import { checkApplication } from './check-application.js'
import { openClosures } from './closures.js'
import { routerOf, type ApplicationLike } from './express-parts.js'

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
    const isProduction = options.isProduction ?? process.env['NODE_ENV'] === 'production'
    // Of Express, this looks at parts that its types leave out.
    const findings = await checkApplication(app as unknown as ApplicationLike, router, closures, {
      isProduction,
      hasGuests: options.Guest !== undefined,
    })
    return bySeverity(findings)
  } catch (error) {
    return [notUnderstood(error)]
  } finally {
    closures.close()
  }
}

const notExpress: Finding = {
  code: 'app-not-express',
  severity: 'note',
  message: 'This is no application of Express 4 or 5, so it was not looked at.',
  remedy: 'Give checkSetup what express() returned, with everything mounted.',
}

function notUnderstood(error: unknown): Finding {
  return {
    code: 'app-not-understood',
    severity: 'note',
    message: `The application could not be looked at (${error instanceof Error ? error.message : String(error)}).`,
    remedy: 'Please report it, with the versions of Express, Passport and express-session.',
  }
}
