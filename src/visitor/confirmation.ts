import { createHash, randomBytes } from 'node:crypto'
import type { Request } from 'express'
import { clientContext } from '../http/client-network.js'
import { giveSignedCookie, readSignedCookie, type SignedCookie } from '../http/signed-cookie.js'
import type { PageContext } from '../pages/context.js'
import { buttonOnly, type CsrfField, type FormPage } from '../pages/form-page.js'
import { showProblem } from '../pages/problem.js'
import type { Confirmation } from './double-click.js'
import { visitorSettings, type Visitor } from './visitor.js'

/** Seconds between showing the button and pressing it. */
const LIFETIME = 60 * 60

/**
 * Identifies the browser to which the button was shown. It opens nothing without the token. Of two clicks, a browser takes
 * the answer to the second; without this cookie, that click would find the link used up by the first one, whose session
 * the browser has dropped. Signed, and bound to the client, because clients that share its value share a use.
 */
function confirmationCookie(Model: typeof Visitor, uuid: string, req: Request): SignedCookie {
  return {
    name: 'visitor-confirmation',
    seal: Model[visitorSettings].codec.seal('confirmation', uuid),
    lifetime: LIFETIME,
    context: clientContext(req),
  }
}

/** Gives the browser to which the button is shown its cookie. */
export function offerConfirmation(req: Request, { constructor, uuid }: Visitor): void {
  const cookie = confirmationCookie(constructor as typeof Visitor, uuid, req)
  // The same for all its tabs: a page that is opened between two clicks must not make two browsers of one.
  giveSignedCookie(req, cookie, readSignedCookie(req, cookie) ?? randomBytes(16).toString('base64url'))
}

/** That the user pressed the button, as far as a request shows it: a POST that no foreign site has sent. */
export function confirmationOf(req: Request, Model: typeof Visitor, uuid: string): Confirmation | undefined {
  if (req.method !== 'POST') return undefined
  const browser = readSignedCookie(req, confirmationCookie(Model, uuid, req))
  return { by: browser === undefined ? undefined : createHash('sha256').update(browser).digest('base64url') }
}

/**
 * What a link with `maxUses` opens: a button. Mail scanners, previews and prefetchers open links too, and press nothing.
 */
export interface ConfirmPage extends FormPage {
  readonly name: 'confirm'
  /** Whose link it is; not redeemed yet. */
  readonly visitor: Visitor
}

/**
 * @param action the link itself, to post to
 * @param unverified the status, if the button was pressed and `verify` did not admit that
 */
export function confirmPage(
  context: PageContext,
  visitor: Visitor,
  {
    action,
    csrf,
    unverified,
  }: { action: string; csrf: CsrfField | undefined; unverified: 403 | 503 | undefined },
): ConfirmPage {
  return {
    name: 'confirm',
    status: unverified ?? 200,
    context,
    ...context.words.limitedLink,
    ...buttonOnly,
    ...showProblem(unverified && { code: 'notVerified' }, context.words),
    action,
    csrf,
    visitor,
  }
}
