import type { CsrfField, FormPage } from '../../pages/form-page.js'
import { flowMessages } from '../../pages/messages.js'
import type { NoticePage } from '../../pages/notice-page.js'

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

export const CONVERT_PAGES = ['form', 'success', 'sent', 'confirm', 'verified', 'refused'] as const

const yours = 'Everything that you have done here stays yours.'

/** What the form says where the account is created at once. */
export const messages = {
  ...flowMessages,
  form: { title: 'Create your account', text: yours, button: 'Create account' },
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
  takenMeanwhile: {
    username: 'This username belongs to an account by now.',
    email: 'This address belongs to an account by now.',
  },
  takenMeanwhileOther: 'Something that you typed belongs to an account by now.',
} as const

/** Where a person who is refused can go. */
export interface WaysOn {
  readonly login: string
  readonly form: string
}

/** The pages that tell why no account was created. Of the links, the first is the more likely way on. */
const refusals = {
  incomplete: {
    status: 400,
    title: 'This link is incomplete',
    text: 'Please copy the whole address from the message, or ask for another one.',
    links: [['form', 'Ask for another link']],
  },
  gone: {
    status: 410,
    title: 'This link is no longer valid',
    text:
      'It may have been used already: then your account exists, and you can log in. Otherwise it has expired, or you have ' +
      'asked for a newer one: ask again in the browser in which you began.',
    links: [
      ['login', 'Log in'],
      ['form', 'Ask for another link'],
    ],
  },
  taken: {
    status: 409,
    title: 'The account was not created',
    text: 'Nothing of yours is lost: choose another one in the browser in which you began.',
    links: [
      ['form', 'Back to the form'],
      ['login', 'Log in to the account'],
    ],
  },
  converted: {
    status: 409,
    title: 'You are no longer a guest',
    text: 'Your account exists already: perhaps you have pressed the button twice, or in another tab. Log in to go on.',
    links: [['login', 'Log in']],
  },
  deleted: {
    status: 410,
    title: 'You are no longer a guest',
    text:
      'No account was created. Your time as a guest is over: it has expired, or you have logged in to an account in ' +
      'another tab. Log in to that account, or begin again.',
    links: [['login', 'Log in']],
  },
} as const

/** @param cause a sentence that stands before the text */
export function refusedPage(reason: ConvertRefusal, ways: WaysOn, cause?: string): ConvertRefusedPage {
  const { status, title, links, ...refusal } = refusals[reason]
  const text = cause === undefined ? refusal.text : `${cause} ${refusal.text}`
  const [link, otherLink] = links.map(([to, label]) => ({ href: ways[to], text: label }))
  return { name: 'refused', reason, status, title, text, link, ...(otherLink && { otherLink }) }
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
      'yourself: the person who asked has chosen its password.',
    error: undefined,
    fields: [],
    action,
    button: 'Create account',
    csrf,
    username,
    email,
  }
}

export function verifiedPage({ login }: WaysOn): ConvertVerifiedPage {
  return {
    name: 'verified',
    status: 200,
    title: 'Your account is ready',
    text: 'The address is confirmed. Log in here with the password that you have chosen.',
    link: { href: login, text: 'Log in' },
  }
}
