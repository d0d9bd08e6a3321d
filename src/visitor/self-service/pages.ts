import type { PageContext } from '../../pages/context.js'
import type { FormPage } from '../../pages/form-page.js'
import type { NoticePage } from '../../pages/notice-page.js'

/** The form in which a person asks for a pass; status 200, 403, 410, 422, 429 or 503. */
export interface SelfServiceFormPage extends FormPage {
  readonly name: 'form'
}

/** The message is on its way. Does not tell whether the address is known. */
export interface SelfServiceSentPage extends NoticePage {
  readonly name: 'sent'
}

/** The same in a browser that can type the code of the message (`code: true`); status 200, 422 or 429. */
export interface SelfServiceCodePage extends FormPage {
  readonly name: 'code'
}

/** The form was opened by an address that is incomplete (status 400) or too old (410). */
export interface SelfServiceExpiredPage extends NoticePage {
  readonly name: 'expired'
}

/** What `selfServiceRouter` shows; tell them apart by `name`. */
export type SelfServicePage =
  SelfServiceFormPage | SelfServiceSentPage | SelfServiceCodePage | SelfServiceExpiredPage

export const SELF_SERVICE_PAGES = ['form', 'sent', 'code', 'expired'] as const

/**
 * The page for an address of the form that was cut off.
 *
 * @param home the application's own first page: which page was asked for is not known
 */
export function incompletePage(context: PageContext, home: string): SelfServiceExpiredPage {
  const { title, text, home: label } = context.words.selfService.incomplete
  return { name: 'expired', status: 400, context, title, text, link: { href: home, text: label } }
}

/** @param next the way back: the page there makes a new form */
export function expiredPage(context: PageContext, next: string): SelfServiceExpiredPage {
  const { title, text, again } = context.words.selfService.expired
  return { name: 'expired', status: 410, context, title, text, link: { href: next, text: again } }
}
