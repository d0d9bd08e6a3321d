import type { PageContext } from '../../pages/context.js'
import { buttonOnly, type CsrfField, type FormPage } from '../../pages/form-page.js'
import { isolate } from '../../pages/html.js'
import type { NoticePage } from '../../pages/notice-page.js'

/** The form in which a guest becomes a regular user; status 200, 403, 410, 422, 429 or 503. */
export interface ConvertFormPage extends FormPage {
  readonly name: 'form'
}

/** The guest is a regular user now, and logged in. */
export interface ConvertSuccessPage extends NoticePage {
  readonly name: 'success'
}

/** With `verifyEmail`: the message is on its way. Does not tell whether the address is known. */
export interface ConvertSentPage extends NoticePage {
  readonly name: 'sent'
}

/** The same in a browser that can type the code of the message (`code: true`); status 200, 422 or 429. */
export interface ConvertCodePage extends FormPage {
  readonly name: 'code'
}

/** What the link in the message opens: what is going to happen, and a button. Mail scanners press no button. */
export interface ConvertConfirmPage extends FormPage {
  readonly name: 'confirm'
  /** The name of the future account. */
  readonly username: string
  /** The address that the button proves. */
  readonly email: string
}

/** The account exists, and this browser is not logged in: the guest was in another one. */
export interface ConvertVerifiedPage extends NoticePage {
  readonly name: 'verified'
}

/**
 * Why no account was created.
 *
 * - `incomplete` (400): the link was cut off
 * - `gone` (410): the link was used, replaced by a newer one, or has expired
 * - `taken` (409): the address or the username belongs to an account by now; the guest is as it was
 * - `converted` (409): this guest is a regular user already: converted in another browser, or by code of the application
 * - `deleted` (410): this guest was deleted meanwhile, as it had expired or was merged into an account
 */
export type ConvertRefusal = 'incomplete' | 'gone' | 'taken' | 'converted' | 'deleted'

/** Nothing was done, and why not. */
export interface ConvertRefusedPage extends NoticePage {
  readonly name: 'refused'
  readonly reason: ConvertRefusal
}

/** What `convertRouter` shows; tell them apart by `name`. */
export type ConvertPage =
  | ConvertFormPage
  | ConvertSuccessPage
  | ConvertSentPage
  | ConvertCodePage
  | ConvertConfirmPage
  | ConvertVerifiedPage
  | ConvertRefusedPage

export const CONVERT_PAGES = ['form', 'success', 'sent', 'code', 'confirm', 'verified', 'refused'] as const

/** Where a person who is refused can go. */
export interface WaysOn {
  readonly login: string
  readonly form: string
}

/** The pages that tell why no account was created. Of the links, the first is the more likely way on. */
const refusals = {
  incomplete: { status: 400, links: ['form'] },
  gone: { status: 410, links: ['login', 'form'] },
  taken: { status: 409, links: ['form', 'login'] },
  converted: { status: 409, links: ['login'] },
  deleted: { status: 410, links: ['login'] },
} as const

/** @param cause a sentence that stands before the text */
export function refusedPage(
  context: PageContext,
  reason: ConvertRefusal,
  ways: WaysOn,
  cause?: string,
): ConvertRefusedPage {
  const { status, links } = refusals[reason]
  const words: { readonly title: string; readonly text: string } & Partial<WaysOn> =
    context.words.conversion[reason]
  const text = cause === undefined ? words.text : `${cause} ${words.text}`
  const [link, otherLink] = links.map((to) => ({ href: ways[to], text: words[to] ?? '' }))
  const page = { name: 'refused', reason, status, context, title: words.title, text, link } as const
  return { ...page, ...(otherLink && { otherLink }) }
}

export function successPage(context: PageContext, registeredUrl: string): ConvertSuccessPage {
  const { title, text, link } = context.words.conversion.success
  return { name: 'success', status: 200, context, title, text, link: { href: registeredUrl, text: link } }
}

/** @param action the link itself, to post to */
export function confirmPage(
  context: PageContext,
  { username, email }: { readonly username: string; readonly email: string },
  action: string,
  csrf: CsrfField | undefined,
): ConvertConfirmPage {
  const { title, text, button } = context.words.conversion.confirm
  return {
    name: 'confirm',
    status: 200,
    context,
    title,
    text: text(isolate(username), isolate(email)),
    ...buttonOnly,
    action,
    button,
    csrf,
    username,
    email,
  }
}

export function verifiedPage(context: PageContext, { login }: WaysOn): ConvertVerifiedPage {
  const { title, text, link } = context.words.conversion.verified
  return { name: 'verified', status: 200, context, title, text, link: { href: login, text: link } }
}
