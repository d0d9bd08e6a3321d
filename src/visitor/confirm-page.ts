import type { CsrfField, FormPage } from '../pages/form-page.js'
import type { Visitor } from './visitor.js'

/**
 * What a link with `maxUses` opens: a button. Mail scanners, previews and prefetchers open links too, and press nothing.
 */
export interface ConfirmPage extends FormPage {
  readonly name: 'confirm'
  /** Whose link it is; not redeemed yet. */
  readonly visitor: Visitor
}

/** @param action the link itself, to post to */
export function confirmPage(visitor: Visitor, action: string, csrf: CsrfField | undefined): ConfirmPage {
  return {
    name: 'confirm',
    status: 200,
    title: 'Open your invitation',
    text: 'This link can be opened only a limited number of times. Press the button to open it now.',
    error: undefined,
    fields: [],
    action,
    button: 'Continue',
    csrf,
    visitor,
  }
}
