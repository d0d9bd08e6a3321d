import type { NextFunction, Request, Response } from 'express'
import { MiddlewareOrder, type VisitorAccessDenied } from '../../errors.js'
import { InvalidOption } from '../../invalid-option.js'
import { applicationAddress, localPath } from '../../http/address.js'
import { publicUrl } from '../../http/base-url.js'
import { withQuery } from '../../http/query.js'
import { redirectOrError } from '../../http/answer.js'
import { noteWayOn } from '../../pages/error-pages/ways-on.js'
import { modelOf } from '../request-notes.js'
import { LONGEST_SCOPE, SCOPE_ANY } from '../scope.js'
import { sessionNameOf } from '../visit-entry.js'
import { visitorSettings, type Visitor } from '../visitor.js'
import { PASS_REQUEST_KEY, signPassRequest, type PassRequest } from './pass-request.js'

/** How a guard refuses a request. */
export type Refuse = (req: Request, res: Response, next: NextFunction, error: VisitorAccessDenied) => void

/** The guard's options that concern the form. */
export interface OfferOptions {
  /** The model whose passes are admitted, in an application with two of them. @default any */
  Visitor?: typeof Visitor
  /**
   * Redirects a browser without a pass for this scope to the form of `selfServiceRouter`, to ask for one by e-mail: any
   * person with a mailbox is admitted. A pass is made for the first of several scopes. Programs get the error. `true` if the
   * router is at `/visitor`, or its address; paths begin where the application lives (`baseUrl`).
   * @default false
   */
  selfService?: boolean | string
  /** How long a visit by self-service lasts, as in `defineVisitorModels`. @default the model's */
  sessionExpiry?: number | null
}

/**
 * Redirects people to the form on which they ask for a pass, and refuses programs with the error. What the form must know
 * is a part of the address, signed.
 *
 * @throws {TypeError} at start-up, if there is no scope for which a pass could be made
 */
export function offerSelfService([scope = SCOPE_ANY]: readonly string[], options: OfferOptions): Refuse {
  const { selfService, sessionExpiry } = options
  const routerUrl = typeof selfService === 'string' ? selfService : '/visitor'
  if (scope === SCOPE_ANY) {
    throw new InvalidOption(
      "ensureVisitor: option 'selfService' needs a scope to make passes for, not SCOPE_ANY",
    )
  }
  if (scope.length > LONGEST_SCOPE) {
    throw new InvalidOption(`ensureVisitor: a scope has at most ${String(LONGEST_SCOPE)} characters`)
  }
  return function offer(req, res, next, error) {
    const Model = options.Visitor ?? modelOf(req)
    const seal = Model?.[visitorSettings].codec.seal('pass-request')
    if (Model === undefined || seal === undefined) {
      next(
        new MiddlewareOrder(
          "ensureVisitor with selfService needs app.use(passport.authenticate('visitor-token')) before it, " +
            'with a Visitor model that has a secret',
        ),
      )
      return
    }
    const url = publicUrl(req, routerUrl)
    const form = localPath(url.split(/[?#]/, 1)[0] ?? '')
    const passRequest = {
      model: sessionNameOf(Model),
      form,
      scope,
      next: applicationAddress(req),
      why: whyOf(error),
      sessionExpiry,
    }
    const formUrl = withQuery(url, PASS_REQUEST_KEY, signPassRequest(seal, passRequest))
    noteWayOn(req, { formUrl }) // a form that a person posts is not redirected
    redirectOrError(req, res, next, { url: formUrl, comeBack: false, error })
  }
}

/** What the person may know of the reason: unknown, expired, deactivated and used-up links look alike. */
function whyOf({ reason }: VisitorAccessDenied): PassRequest['why'] {
  switch (reason) {
    case 'no-visitor':
      return 'noPass'
    case 'wrong-scope':
      return 'otherScope'
    case 'session-ended':
    case 'gone':
    case 'reissued':
      return 'ended'
    default:
      return 'refused'
  }
}
