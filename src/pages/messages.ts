/** A page's title and what it tells the reader. */
interface NoticeText {
  readonly title: string
  readonly text: string
}

/** The texts of a page with a form. */
interface FormText extends NoticeText {
  readonly button: string
}

/** The page after the message was sent; `again` leads back to the form. */
export interface SentText extends NoticeText {
  readonly again: string
}

/** What stands beside a field that is not filled in as it must be. */
export const fieldMessages = {
  required: 'Please fill this in',
  tooLong: (longest: number): string => `At most ${String(longest)} characters, please`,
  tooShort: (shortest: number): string => `At least ${String(shortest)} characters, please`,
  noAddress: 'This is not an e-mail address',
  invisible: 'Please use no invisible characters',
  /** A model refuses the value, and gives no reason that people would understand. */
  unacceptable: 'This cannot be kept as it is',
} as const

/** What stands above a form that is shown again through no fault of a field. */
export const flowMessages = {
  tooManyForms: 'That was tried too often from here. Please try again later.',
  tooManyMessages: 'Too many links were asked for. Please look into your mailbox, or try again later.',
  notSent: 'We could not send the message just now. Please try again in a moment.',
} as const

/** Every text of one flow's own pages, in one object. */
export interface FlowMessages {
  readonly form: FormText
  /** @default the flow sends no message */
  readonly sent?: SentText
  readonly tooManyForms: string
  readonly tooManyMessages: string
  readonly notSent: string
}
