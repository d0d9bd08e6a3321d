import { urlencoded, type Request, type RequestHandler, type Response } from 'express'
import { LogoutUnconfirmed, NotGuestError } from '../errors.js'
import { aBoolean, aFunction, aLocalUrl, checkOptions } from '../options.js'
import { ownAddress } from '../http/address.js'
import { publicUrl } from '../http/base-url.js'
import { checkPassportSession } from '../checks/runtime/order-checks.js'
import { requestChecks, validationsRule, type Validations } from '../checks/runtime/request-checks.js'
import { pageContext, pagesRule, type PagesOptions } from '../pages/context.js'
import {
  buttonOnly,
  conventionalCsrfField,
  formBody,
  type CsrfFieldOf,
  type FormPage,
} from '../pages/form-page.js'
import { html, type Html } from '../pages/html.js'
import { showPage, type Render } from '../pages/page.js'
import { queryValues, withQuery } from '../http/query.js'
import { handled, prefersHtml } from '../http/answer.js'
import { watchAnswer } from '../http/late-answer.js'
import { refuseCrossSite, trustedOriginsRule } from '../http/origin.js'
import { settled } from '../http/session.js'
import { lateForEndedSession, noteSessionEnd } from '../http/stale-session.js'
import { announce } from '../events/events.js'
import { guestModel, type GuestModel } from './guest.js'
import { guestFor, guestOf } from './guest-state.js'
import { setNoGuestCookie, noGuestSeconds } from './no-guest-cookie.js'

/** Options of {@link guestLogout}. */
export interface GuestLogoutOptions {
  /** The model whose guests it logs out, in an application with two of them. A guest of the other passes on. @default any */
  Guest?: GuestModel
  /** Where a guest who has left is sent: a page that anonymous people may see. @default '/' */
  url?: string
  /** Where guests become regular users, for the link beside the button. @default '/convert' */
  convertUrl?: string
  /**
   * For how many seconds `passport.authenticate('guest')` makes no new guest in this browser, so that the next click is
   * anonymous; a form that they post begins anew at once. From 0 (it makes one at once) to 86400.
   * @default 60
   */
  noGuestFor?: number
  /**
   * Delete the guest at once, as `Guest.delete` does, instead of leaving that to the clean-up. If that fails, the guest stays logged in.
   * @default false
   */
  deleteNow?: boolean
  /** Origins of other sites that may post the confirmation. @default [] */
  trustedOrigins?: readonly string[]
  /** Shows the page in the application's own way. @default plain HTML */
  render?: Render<LeavePage>
  /** The application's own CSRF token. @default `req.csrfToken()`, or what `res.locals` has of it */
  csrf?: CsrfFieldOf
  /** Which of the checks of the first requests run; `docs/doctor.md` lists them. @default true: all of them */
  validations?: Validations
  /** In which languages and design the page is shown. @default the application's: `app.set('pages', …)` */
  pages?: PagesOptions
}

/**
 * Asks a guest to confirm the logout: there is no way to log in as this guest again. Status 200, or 422 for a form that was
 * posted without the confirmation, as the application's own logout button does; then the guest is still logged in.
 */
export interface LeavePage extends FormPage {
  readonly name: 'leave'
  /** Where the guest can keep everything. */
  readonly link: { readonly href: string; readonly text: string }
}

/** The parameter by which a guest confirms, in the query or in the body, and its only value that does. */
const CONFIRM = 'confirm'
const YES = 'yes'

/**
 * Mount it before the application's own logout, which a guest never reaches: a guest who logs out loses everything, and is
 * asked first. Without `confirm=yes` a browser gets a page with a button, and a program an error; with it, and by any method
 * but GET, HEAD and OPTIONS, the guest is logged out. All other requests pass on. No query.
 *
 * Without `deleteNow` the clean-up deletes the guest's rows when the guest has expired.
 *
 * @example
 * app.post('/logout', guestLogout(), (req, res, next) => req.logout((error) => (error ? next(error) : res.redirect('/'))))
 *
 * @throws {TypeError} at start-up, naming the option that is wrong
 */
export function guestLogout(options: GuestLogoutOptions = {}): RequestHandler {
  checkOptions('guestLogout', options, {
    Guest: guestModel,
    url: aLocalUrl,
    convertUrl: aLocalUrl,
    noGuestFor: noGuestSeconds,
    deleteNow: aBoolean,
    trustedOrigins: trustedOriginsRule,
    render: aFunction,
    csrf: aFunction,
    validations: validationsRule,
    pages: pagesRule,
  })
  const {
    url = '/',
    convertUrl = '/convert',
    noGuestFor = 60,
    deleteNow = false,
    trustedOrigins = [],
    render,
    pages,
    csrf = conventionalCsrfField,
  } = options

  async function answer(req: Request, res: Response): Promise<void> {
    res.vary('Accept')
    const isSafe = SAFE_METHODS.includes(req.method)
    if (isSafe || !(await isConfirmed(req, res))) {
      await ask(req, res, isSafe ? 200 : 422)
      return
    }
    refuseCrossSite(req, { trustedOrigins })
    // Before the logout: if that fails half-way, no loop begins. The cookie does not affect a user who is still logged in.
    if (noGuestFor > 0) setNoGuestCookie(req, noGuestFor)
    await logOut(req, deleteNow)
    res.set('Cache-Control', 'no-store')
    if (prefersHtml(req)) res.redirect(303, publicUrl(req, url))
    else res.status(204).end() // a program that followed a redirect would take that page for its answer
  }

  async function ask(req: Request, res: Response, status: number): Promise<void> {
    if (!prefersHtml(req)) throw new LogoutUnconfirmed()
    const context = pageContext(req, pages)
    const words = context.words.leave
    const page: LeavePage = {
      name: 'leave',
      status,
      context,
      title: words.title,
      text: deleteNow ? words.textWithDeletion : words.text,
      link: { href: publicUrl(req, convertUrl), text: words.keep },
      ...buttonOnly,
      action: withQuery(ownAddress(req), CONFIRM, YES), // a page of the application's own has only to post to it
      button: deleteNow ? words.buttonWithDeletion : words.button,
      csrf: csrf(req, res),
    }
    await showPage(req, res, page, { render, body: bodyOf, formLeadsAnywhere: true, saysError: false })
  }

  const look = requestChecks('guestLogout', [checkPassportSession], options.validations)
  const answerGuest = handled(answer)

  const guestLogoutMiddleware: RequestHandler = (req, res, next) => {
    watchAnswer(req, { trustedOrigins })
    look(req)
    if (guestFor(options.Guest, req)) return answerGuest(req, res, next)
    next()
  }
  return guestLogoutMiddleware
}

/** Safe methods (RFC 9110 §9.2.1): browsers, scanners and other sites send them without a request to change anything. */
const SAFE_METHODS: readonly string[] = ['GET', 'HEAD', 'OPTIONS', 'TRACE']

const parser: RequestHandler = urlencoded({ extended: false, limit: '32kb' })

async function isConfirmed(req: Request, res: Response): Promise<boolean> {
  const values = queryValues(req.originalUrl, CONFIRM)
  if (values.length > 0) return values.every((value) => value === YES)
  // It reads the form if the application has not; what another parser has read stays as it is.
  await settled((done) => {
    parser(req, res, done)
  })
  return (req.body as Record<string, unknown> | null | undefined)?.[CONFIRM] === YES
}

/** A double click, a clean-up or a merge was quicker. What is left to do is the logout. */
function ignoreNotGuest(error: unknown): void {
  if (!(error instanceof NotGuestError)) throw error
}

/** Deletes first: a guest who could not be deleted is still logged in, and can try again. */
async function logOut(req: Request, deleteNow: boolean): Promise<void> {
  const guest = guestOf(req)
  const Model = guest?.constructor as GuestModel | undefined
  await lateForEndedSession(req) // a late click must not replace the newer session by an empty one
  const withdrawNote = await noteSessionEnd(req, 'logged-out')
  try {
    if (guest && deleteNow) await Model?.delete(guest.userId, { req }).catch(ignoreNotGuest)
    await settled((done) => {
      req.logout(done)
    })
  } catch (error) {
    await withdrawNote()
    throw error
  }
  if (guest && Model) announce(Model.events, 'loggedOut', { userId: guest.userId, req })
}

/** What keeps everything comes first and stands out, also for users of a keyboard or a screen reader. */
function bodyOf({ text, link, ...page }: LeavePage): Html {
  return html`
    <p>${text}</p>
    <a class="button" href="${link.href}">${link.text}</a>
    ${formBody({ ...page, text: undefined }, { buttonClass: 'secondary' })}
  `
}
