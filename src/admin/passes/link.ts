import { publicOrigin, publicUrl } from '../../http/base-url.js'
import { html, isolate, textHtml, type Html } from '../../pages/html.js'
import { mailOf, warnOfUnsent } from '../../pages/mail.js'
import type { Visitor } from '../../visitor/visitor.js'
import type { AdminRequest } from '../admin-request.js'
import { redirectDone, showAdminPage, showNotice } from '../layout.js'

/** The field that tells which button was pressed. */
const GIVE = 'give'

/** The person of a pass: by name, or by address. */
export function nameOf({ fullName, email }: Pick<Visitor, 'fullName' | 'email'>): string {
  return fullName || email
}

/** A link to the page of a pass; with its number, if the pass itself is gone. */
export function passLink(request: AdminRequest, pass: Visitor | { readonly id: number }): Html {
  return html`<a href="${passUrl(request, pass)}"><bdi>${'email' in pass ? nameOf(pass) : pass.id}</bdi></a>`
}

export function passUrl({ pageUrl }: AdminRequest, pass: { readonly id: number }, action = ''): string {
  return pageUrl(`${passPath(pass)}${action}`)
}

/** Where the page of a pass is, among the operator's pages. */
export function passPath({ id }: { readonly id: number }): string {
  return `/passes/${id}`
}

/**
 * What makes the link of a pass, once the pass is stored; `undefined` if the application's address is not configured, and the
 * request was answered. It is never taken from the request's `Host`, which the sender chooses.
 *
 * @throws {TypeError} if `linkUrl` is, or returns, no address
 */
export async function requireLinkMaker(
  request: AdminRequest,
  pass: Visitor,
): Promise<((stored: Visitor) => string) | undefined> {
  const url = publicUrl(request.req, request.settings.linkUrl(pass))
  const origin = publicOrigin(request.req)
  if (origin === undefined && !URL.canParse(url)) {
    await showNotice(request, 409, 'noBaseUrl')
    return undefined
  }
  const { href } = new URL(url, origin)
  return (stored) => stored.tokenise(href)
}

/** The button that sends the link, where the application can, and the one that shows it. */
export function linkButtons(request: AdminRequest, sendText: string | Html, showText: string): Html {
  return request.settings.send === undefined
    ? html`<button>${showText}</button>`
    : html`<button name="${GIVE}" value="send">${sendText}</button>
        <button name="${GIVE}" value="show" class="secondary">${showText}</button>`
}

/** Whether the button was pressed that sends the link. */
export function asksToSend({ settings, form }: AdminRequest): boolean {
  return settings.send !== undefined && form()[GIVE] === 'send'
}

/** Sends the link of a pass, if that button was pressed. Otherwise, or if it cannot be sent, it is shown. */
export async function giveLink(request: AdminRequest, pass: Visitor, link: string): Promise<void> {
  const { req, context } = request
  const { send } = request.settings
  if (send === undefined || !asksToSend(request)) {
    await showLink(request, pass, link)
    return
  }
  const { email, expiresAt } = pass
  const message = mailOf(context, { kind: 'invitation', link, expiresAt })
  try {
    await send({ visitor: pass, email, link, expiresAt, message, req })
  } catch (cause) {
    const advice =
      "Look into the option 'send' and the mail server. The link was shown to the operator instead."
    warnOfUnsent('ADMIN_SEND_FAILED', 'adminRouter', cause, advice)
    await showLink(request, pass, link, request.words.passes.unsent)
    return
  }
  redirectDone(request, passPath(pass), {}, 'sent')
}

/** The page with a link that is shown once: in this answer only, which no cache stores. */
export async function showLink(
  request: AdminRequest,
  pass: Visitor,
  link: string,
  problem?: string,
): Promise<void> {
  const { words, format } = request
  const say = words.passes
  await showAdminPage(request, {
    title: say.linkFor(nameOf(pass)),
    body: html`
      ${problem !== undefined && html`<p class="error" role="alert">${problem}</p>`}
      <p>${say.copyNow}</p>
      <p dir="ltr" class="link">${link}</p>
      <p><strong>${textHtml(say.sendTo(isolate(pass.email)))}</strong></p>
      <p>${words.expires}: ${format.time(pass.expiresAt)}</p>
      <p><a href="${passUrl(request, pass)}">${say.backToPass}</a></p>
    `,
  })
}
