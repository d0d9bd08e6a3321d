import { formBody, type CsrfField, type FormPage } from '../../pages/form-page.js'
import type { Html } from '../../pages/html.js'
import { noticeBody, type NoticePage } from '../../pages/notice-page.js'
import type { RenderPages } from '../../pages/renderers.js'
import { fillForm, type FormErrors, type FormValues } from '../../pages/form.js'
import type { FormField } from '../../pages/form-page.js'

/** The form in which somebody asks for a pass; status 200, 422, 429 or 503. */
export interface SelfServiceFormPage extends FormPage {
  readonly name: 'form'
}

/** The message is on its way. Says nothing of whether the address is known. */
export interface SelfServiceSentPage extends NoticePage {
  readonly name: 'sent'
}

/** The form was opened by an address that is incomplete (status 400) or too old (410). */
export interface SelfServiceExpiredPage extends NoticePage {
  readonly name: 'expired'
}

/** What `selfServiceRouter` shows; tell them apart by `name`. */
export type SelfServicePage = SelfServiceFormPage | SelfServiceSentPage | SelfServiceExpiredPage

/** Shows the pages in the application's own way: all of them, or those that are named. */
export type RenderSelfService = RenderPages<SelfServicePage>

export function bodyOf(page: SelfServicePage): Html {
  return page.name === 'form' ? formBody(page) : noticeBody(page)
}

export interface FormState {
  readonly status: number
  readonly fields: readonly FormField[]
  readonly values?: FormValues
  readonly errors?: FormErrors
  readonly action: string
  readonly csrf: CsrfField | undefined
}

export function formPage({ status, fields, values, errors, action, csrf }: FormState): SelfServiceFormPage {
  return {
    name: 'form',
    status,
    title: 'Who are you?',
    text: 'Tell us who you are, and we send a link to your e-mail address that lets you in.',
    error: errors?.[''],
    fields: fillForm(fields, values, errors),
    action,
    button: 'Send me the link',
    csrf,
  }
}

/** @param formUrl where the form is, for those to whom nothing came */
export function sentPage(formUrl: string): SelfServiceSentPage {
  return {
    name: 'sent',
    status: 200,
    title: 'Look into your mailbox',
    text: 'We have sent a link to the address that you typed. Follow it to go on; you can close this page.',
    link: { href: formUrl, text: 'Nothing came? Check the address and ask again' },
  }
}

/** @param next the way back, if it is known: the page there makes a new form */
export function expiredPage(next: string | undefined): SelfServiceExpiredPage {
  return {
    name: 'expired',
    status: next === undefined ? 400 : 410,
    title: next === undefined ? 'This address is incomplete' : 'This form is no longer open',
    text:
      next === undefined
        ? 'Please open the page that you wanted to see again.'
        : 'It was open for too long, and nothing was sent. Please begin again.',
    link: next === undefined ? undefined : { href: next, text: 'Begin again' },
  }
}
