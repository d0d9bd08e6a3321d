import type { ErrorRequestHandler, Request, Response } from 'express'
import { EphemeralError, VisitorAccessDenied } from '../../errors.js'
import { publicHelp } from '../../help.js'
import { prefersHtml } from '../../http/answer.js'
import { publicUrl } from '../../http/base-url.js'
import { describeError } from '../../http/redact-tokens.js'
import { aFunction, aLocalUrl, checkOptions } from '../../options.js'
import { warn } from '../../warning.js'
import { pageContext, pagesRule, type PageContext, type PagesOptions } from '../context.js'
import { buttonOnly, formBody, type FormPage } from '../form-page.js'
import { html, type Html } from '../html.js'
import { linksHtml, noticeBody, type NoticePage, type PageLink } from '../notice-page.js'
import { showPage, type Render } from '../page.js'
import { explanationOf, type Destination } from './explanation.js'
import { notedWaysOn } from './ways-on.js'

/** Options of {@link errorPages}. */
export interface ErrorPagesOptions {
  /** Where the application begins; paths begin where it lives (`baseUrl`). @default '/' */
  homeUrl?: string
  /** Where people log in. @default '/login' */
  loginUrl?: string
  /** Where guests become regular users. @default '/convert' */
  convertUrl?: string
  /** Shows the page in the application's own way. @default plain HTML */
  render?: Render<ErrorPage>
  /** In which languages and design the page is shown. @default the application's: `app.set('pages', …)` */
  pages?: PagesOptions
}

/** What a person sees in place of an error of this package: what happened, and what to do now. */
export interface ErrorPage extends NoticePage {
  readonly name: 'error'
  /** The error's code. */
  readonly code: string
  /** A button that asks for a fresh link, if the visitor strategy has `onExpiredLink`, and a link was refused. */
  readonly form: Pick<FormPage, 'action' | 'button' | 'csrf'> | undefined
}

/**
 * Answers every error of this package: people get a page, programs a problem (`application/problem+json`, RFC 9457) with the
 * error's `code`. Other errors pass on. Mount it last, before an error handler of your own. An error with a status of 500 or
 * more also emits a warning of the process, with its cause.
 *
 * Links that are unknown, expired, deactivated or used up get the same answer: it does not tell which passes exist.
 *
 * @example
 * app.use(errorPages())
 *
 * @throws {TypeError} at start-up, naming the option that is wrong
 */
export function errorPages(options: ErrorPagesOptions = {}): ErrorRequestHandler {
  checkOptions('errorPages', options, {
    homeUrl: aLocalUrl,
    loginUrl: aLocalUrl,
    convertUrl: aLocalUrl,
    render: aFunction,
    pages: pagesRule,
  })
  const { homeUrl = '/', loginUrl = '/login', convertUrl = '/convert', render, pages } = options
  const urls = { home: homeUrl, login: loginUrl, convert: convertUrl }

  async function answer(error: EphemeralError, req: Request, res: Response): Promise<void> {
    if (error.status >= 500) warnOfFailure(error)
    res.vary('Accept')
    const context = pageContext(req, pages)
    if (prefersHtml(req)) await showPage(req, res, pageOf(error, context, req), { render, body: bodyOf })
    else sendProblem(error, context, res)
  }

  function pageOf(error: EphemeralError, context: PageContext, req: Request): ErrorPage {
    const words = context.words.problem
    const ways = notedWaysOn(req)
    const form = error instanceof VisitorAccessDenied ? ways.freshLink?.() : undefined
    const { entry, leadsTo } = explanationOf(error)
    const { title, text } = form === undefined ? words[entry] : words.staleLink
    const to = (place: Destination): PageLink => ({ href: publicUrl(req, urls[place]), text: words[place] })
    const link = ways.formUrl === undefined ? to(leadsTo) : { href: ways.formUrl, text: words.selfService }
    return {
      name: 'error',
      status: error.status,
      context,
      code: error.code,
      title,
      text,
      form: form && { ...form, button: words.staleLink.button },
      link,
      ...(ways.formUrl === undefined && leadsTo === 'home' ? {} : { otherLink: to('home') }),
    }
  }

  return function errorPagesHandler(error: unknown, req, res, next) {
    if (!(error instanceof EphemeralError) || res.headersSent) {
      next(error)
      return
    }
    answer(error, req, res).catch(next)
  }
}

/** The button comes before the links, also for users of a keyboard or a screen reader. */
function bodyOf(page: ErrorPage): Html {
  const { form, link, otherLink, ...rest } = page
  if (form === undefined) return noticeBody(page)
  return html`${formBody({ ...rest, ...form, ...buttonOnly })} ${linksHtml({ link, otherLink })}`
}

/** `message` is for developers: of an error it can name the cause, or why a pass is refused. */
function sendProblem(error: EphemeralError, { lang, words }: PageContext, res: Response): void {
  const { status, code, help } = error
  const { title, text } = words.problem[explanationOf(error).entry]
  res
    .status(status)
    .set({ 'Cache-Control': 'no-store', 'Content-Language': lang, 'X-Content-Type-Options': 'nosniff' })
    .type('application/problem+json')
    .json({ type: publicHelp(help), title, status, detail: text, code, help })
}

/** The person is told that it is no fault of theirs; the operator hears of the cause. */
function warnOfFailure(error: EphemeralError): void {
  warn(
    'REQUEST_FAILED',
    `A request failed, and was answered by errorPages: ${describeError(error)}`,
    `Its message says what to do; ${error.help} explains it.`,
  )
}
