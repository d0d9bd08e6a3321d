import { fillForm, type FormErrors, type FormValues } from '../../pages/form.js'
import { formBody, type CsrfField, type FormField, type FormPage } from '../../pages/form-page.js'
import type { Html } from '../../pages/html.js'
import { noticeBody, type NoticePage } from '../../pages/notice-page.js'
import type { RenderPages } from '../../pages/renderers.js'

/** The form in which a guest becomes a regular user; status 200, 422, 429 or 503. */
export interface ConvertFormPage extends FormPage {
  readonly name: 'form'
}

/** The guest is a regular user now, and logged in. */
export interface ConvertSuccessPage extends NoticePage {
  readonly name: 'success'
}

/** With `verifyEmail`: the message is on its way. Says nothing of whether the address is known. */
export interface ConvertSentPage extends NoticePage {
  readonly name: 'sent'
}

/** What the link in the message opens: what is going to happen, and a button. Mail scanners press none. */
export interface ConvertConfirmPage extends FormPage {
  readonly name: 'confirm'
  /** The name of the account to be. */
  readonly username: string
  /** The address that the button proves. */
  readonly email: string
}

/** The account exists, and this browser is not logged in: the guest was in another one. */
export interface ConvertVerifiedPage extends NoticePage {
  readonly name: 'verified'
}

/**
 * Why somebody is turned away.
 *
 * - `incomplete` (400): the link was cut off
 * - `gone` (410): the link was used, replaced by a newer one, or has expired
 * - `taken` (409): the address or the username belongs to an account by now; the guest is as it was
 * - `converted` (409): this guest is a regular user already, by a double click or in another tab
 */
export type ConvertRefusal = 'incomplete' | 'gone' | 'taken' | 'converted'

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
  | ConvertConfirmPage
  | ConvertVerifiedPage
  | ConvertRefusedPage

/** Shows the pages in the application's own way: all of them, or those that are named. */
export type RenderConvert = RenderPages<ConvertPage>

export const CONVERT_PAGES = ['form', 'success', 'sent', 'confirm', 'verified', 'refused'] as const

export function bodyOf(page: ConvertPage): Html {
  return page.name === 'form' || page.name === 'confirm' ? formBody(page) : noticeBody(page)
}

export interface FormState {
  readonly status: number
  readonly fields: readonly FormField[]
  readonly values?: FormValues
  readonly errors?: FormErrors
  readonly action: string
  readonly csrf: CsrfField | undefined
  readonly sendsLink: boolean
}

export function formPage(state: FormState): ConvertFormPage {
  const { status, fields, values, errors, action, csrf, sendsLink } = state
  return {
    name: 'form',
    status,
    title: 'Create your account',
    text: sendsLink
      ? 'Everything that you have done here stays yours. We send a link to your e-mail address; your account exists once you have followed it.'
      : 'Everything that you have done here stays yours.',
    error: errors?.[''],
    fields: fillForm(fields, values, errors),
    action,
    button: sendsLink ? 'Send me the link' : 'Create account',
    csrf,
  }
}

export function successPage(registeredUrl: string): ConvertSuccessPage {
  return {
    name: 'success',
    status: 200,
    title: 'Your account is ready',
    text: 'You are logged in, and everything that you have done here is still yours.',
    link: { href: registeredUrl, text: 'Continue' },
  }
}

/** @param formUrl where the form is, for those to whom nothing came */
export function sentPage(formUrl: string): ConvertSentPage {
  return {
    name: 'sent',
    status: 200,
    title: 'Look into your mailbox',
    text: 'We have sent a message to the address that you typed. Follow the link in it to create your account; you can go on here meanwhile.',
    link: { href: formUrl, text: 'Nothing came? Check the address and ask again' },
  }
}

/** @param action the link itself, to post to */
export function confirmPage(
  { username, email }: { readonly username: string; readonly email: string },
  action: string,
  csrf: CsrfField | undefined,
): ConvertConfirmPage {
  return {
    name: 'confirm',
    status: 200,
    title: 'Create this account?',
    text:
      `The account “${username}” will be created for the address ${email}. Go on only if you have asked for it ` +
      'yourself: whoever did has chosen its password.',
    error: undefined,
    fields: [],
    action,
    button: 'Create account',
    csrf,
    username,
    email,
  }
}

export function verifiedPage(loginUrl: string): ConvertVerifiedPage {
  return {
    name: 'verified',
    status: 200,
    title: 'Your account is ready',
    text: 'The address is confirmed. Log in here with the password that you have chosen.',
    link: { href: loginUrl, text: 'Log in' },
  }
}

/** Where those who are turned away can go. */
export interface WaysOn {
  readonly loginUrl: string
  readonly formUrl: string
}

export function incompletePage({ formUrl }: WaysOn): ConvertRefusedPage {
  return {
    name: 'refused',
    reason: 'incomplete',
    status: 400,
    title: 'This link is incomplete',
    text: 'Please copy the whole address from the message, or ask for another one.',
    link: { href: formUrl, text: 'Ask for another link' },
  }
}

export function gonePage({ loginUrl, formUrl }: WaysOn): ConvertRefusedPage {
  return {
    name: 'refused',
    reason: 'gone',
    status: 410,
    title: 'This link is no longer valid',
    text:
      'It may have been used already: then your account exists, and you can log in. Otherwise it has expired, or you have ' +
      'asked for a newer one: ask again in the browser in which you began.',
    link: { href: loginUrl, text: 'Log in' },
    otherLink: { href: formUrl, text: 'Ask for another link' },
  }
}

/** @param what what belongs to somebody else by now, in words */
export function takenPage(what: string, { loginUrl, formUrl }: WaysOn): ConvertRefusedPage {
  return {
    name: 'refused',
    reason: 'taken',
    status: 409,
    title: 'The account was not created',
    text: `${what} belongs to an account by now. Nothing of yours is lost: choose another one in the browser in which you began.`,
    link: { href: formUrl, text: 'Back to the form' },
    otherLink: { href: loginUrl, text: 'Log in to the account' },
  }
}

export function convertedPage({ loginUrl }: WaysOn): ConvertRefusedPage {
  return {
    name: 'refused',
    reason: 'converted',
    status: 409,
    title: 'You are no longer a guest',
    text: 'Your account exists already: perhaps you have pressed the button twice, or in another tab. Log in to go on.',
    link: { href: loginUrl, text: 'Log in' },
  }
}
