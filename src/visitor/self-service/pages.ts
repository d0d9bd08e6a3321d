import type { FormPage } from '../../pages/form-page.js'
import { flowMessages } from '../../pages/messages.js'
import type { NoticePage } from '../../pages/notice-page.js'

/** The form in which a person asks for a pass; status 200, 422, 429 or 503. */
export interface SelfServiceFormPage extends FormPage {
  readonly name: 'form'
}

/** The message is on its way. Does not tell whether the address is known. */
export interface SelfServiceSentPage extends NoticePage {
  readonly name: 'sent'
}

/** The form was opened by an address that is incomplete (status 400) or too old (410). */
export interface SelfServiceExpiredPage extends NoticePage {
  readonly name: 'expired'
}

/** What `selfServiceRouter` shows; tell them apart by `name`. */
export type SelfServicePage = SelfServiceFormPage | SelfServiceSentPage | SelfServiceExpiredPage

export const SELF_SERVICE_PAGES = ['form', 'sent', 'expired'] as const

export const messages = {
  ...flowMessages,
  form: {
    title: 'Who are you?',
    text: 'Tell us who you are, and we send a link to your e-mail address that lets you in.',
    button: 'Send me the link',
  },
  sent: {
    title: 'Look into your mailbox',
    text: 'We have sent a link to the address that you typed. Follow it to go on; you can close this page.',
    again: 'Nothing came? Check the address and ask again',
  },
  incomplete: {
    title: 'This address is incomplete',
    text: 'Please open the page that you wanted to see again.',
  },
  expired: {
    title: 'This form is no longer open',
    text: 'It was open for too long, and nothing was sent. Please begin again.',
    again: 'Begin again',
  },
} as const

export function incompletePage(): SelfServiceExpiredPage {
  return { name: 'expired', status: 400, ...messages.incomplete, link: undefined }
}

/** @param next the way back: the page there makes a new form */
export function expiredPage(next: string): SelfServiceExpiredPage {
  const { title, text, again } = messages.expired
  return { name: 'expired', status: 410, title, text, link: { href: next, text: again } }
}
