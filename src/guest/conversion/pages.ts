import type { CsrfField, FormPage } from '../../pages/form-page.js'
import { flowMessages } from '../../pages/messages.js'
import type { NoticePage } from '../../pages/notice-page.js'
import type { RenderPages } from '../../pages/renderers.js'

/** The form in which a guest becomes a regular user; status 200, 422, 429 or 503. */
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
 * - `converted` (409): this guest is a regular user already, by a double click or in another tab
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
  | ConvertConfirmPage
  | ConvertVerifiedPage
  | ConvertRefusedPage

/** Shows the pages in the application's own way: all of them, or those that are named. */
export type RenderConvert = RenderPages<ConvertPage>

export const CONVERT_PAGES = ['form', 'success', 'sent', 'confirm', 'verified', 'refused'] as const

const yours = 'Everything that you have done here stays yours.'

/** What the form says where the account is created at once. */
export const messages = {
  ...flowMessages,
  form: { title: 'Create your account', text: yours, button: 'Create account' },
  success: {
    title: 'Your account is ready',
    text: 'You are logged in, and everything that you have done here is still yours.',
    onward: 'Continue',
  },
  converted: {
    title: 'You are no longer a guest',
    text: 'Your account exists already: perhaps you have pressed the button twice, or in another tab. Log in to go on.',
  },
  deleted: {
    title: 'You are no longer a guest',
    text:
      'No account was created. Your time as a guest is over: it has expired, or you have logged in to an account in ' +
      'another tab. Log in to that account, or begin again.',
  },
  login: 'Log in',
  backToForm: 'Back to the form',
  taken: { username: 'This username is taken', email: 'This address belongs to an account already' },
  takenOther: 'This belongs to another account already',
  takenUnknown: 'Something that you typed belongs to another account already',
} as const

/** What the flow says where an address is proven first. */
export const verifyMessages = {
  ...messages,
  form: {
    title: 'Create your account',
    text: `${yours} We send a link to your e-mail address; your account exists once you have followed it.`,
    button: 'Send me the link',
  },
  sent: {
    title: 'Look into your mailbox',
    text: 'We have sent a message to the address that you typed. Follow the link in it to create your account; you can go on here meanwhile.',
    again: 'Nothing came? Check the address and ask again',
  },
  confirm: {
    title: 'Create this account?',
    text: (username: string, email: string): string =>
      `The account “${username}” will be created for the address ${email}. Go on only if you have asked for it ` +
      'yourself: the person who asked has chosen its password.',
    button: 'Create account',
  },
  verified: {
    title: 'Your account is ready',
    text: 'The address is confirmed. Log in here with the password that you have chosen.',
  },
  incomplete: {
    title: 'This link is incomplete',
    text: 'Please copy the whole address from the message, or ask for another one.',
  },
  gone: {
    title: 'This link is no longer valid',
    text:
      'It may have been used already: then your account exists, and you can log in. Otherwise it has expired, or you have ' +
      'asked for a newer one: ask again in the browser in which you began.',
  },
  takenMeanwhile: {
    title: 'The account was not created',
    text: (what: string): string =>
      `${what} belongs to an account by now. Nothing of yours is lost: choose another one in the browser in which you began.`,
    username: 'This username',
    email: 'This address',
    other: 'Something that you typed',
  },
  askAgain: 'Ask for another link',
  loginToAccount: 'Log in to the account',
} as const

/** Where a person who is refused can go. */
export interface WaysOn {
  readonly loginUrl: string
  readonly formUrl: string
}

export function successPage(registeredUrl: string): ConvertSuccessPage {
  const { title, text, onward } = messages.success
  return { name: 'success', status: 200, title, text, link: { href: registeredUrl, text: onward } }
}

/** @param action the link itself, to post to */
export function confirmPage(
  { username, email }: { readonly username: string; readonly email: string },
  action: string,
  csrf: CsrfField | undefined,
): ConvertConfirmPage {
  const { title, text, button } = verifyMessages.confirm
  const form = { error: undefined, fields: [], action, button, csrf }
  return { name: 'confirm', status: 200, title, text: text(username, email), ...form, username, email }
}

export function verifiedPage({ loginUrl }: WaysOn): ConvertVerifiedPage {
  return { name: 'verified', status: 200, ...verifyMessages.verified, link: toLogin(loginUrl) }
}

export function incompletePage({ formUrl }: WaysOn): ConvertRefusedPage {
  const link = { href: formUrl, text: verifyMessages.askAgain }
  return { name: 'refused', reason: 'incomplete', status: 400, ...verifyMessages.incomplete, link }
}

export function gonePage({ loginUrl, formUrl }: WaysOn): ConvertRefusedPage {
  const links = {
    link: toLogin(loginUrl),
    otherLink: { href: formUrl, text: verifyMessages.askAgain },
  }
  return { name: 'refused', reason: 'gone', status: 410, ...verifyMessages.gone, ...links }
}

/** @param field the field of the form in which it was typed */
export function takenPage(field: string | undefined, { loginUrl, formUrl }: WaysOn): ConvertRefusedPage {
  const { title, text, username, email, other } = verifyMessages.takenMeanwhile
  const what = field === 'username' ? username : field === 'email' ? email : other
  const links = {
    link: { href: formUrl, text: messages.backToForm },
    otherLink: { href: loginUrl, text: verifyMessages.loginToAccount },
  }
  return { name: 'refused', reason: 'taken', status: 409, title, text: text(what), ...links }
}

export function convertedPage({ loginUrl }: WaysOn): ConvertRefusedPage {
  return { name: 'refused', reason: 'converted', status: 409, ...messages.converted, link: toLogin(loginUrl) }
}

export function deletedPage({ loginUrl }: WaysOn): ConvertRefusedPage {
  return { name: 'refused', reason: 'deleted', status: 410, ...messages.deleted, link: toLogin(loginUrl) }
}

function toLogin(href: string): { readonly href: string; readonly text: string } {
  return { href, text: messages.login }
}
