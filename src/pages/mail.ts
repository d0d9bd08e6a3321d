import type { Request } from 'express'
import { describeError } from '../http/redact-tokens.js'
import { warn } from '../warning.js'
import { palettesOf, type Brand } from './brand.js'
import { durationIn, type PageContext } from './context.js'
import { html, type Html } from './html.js'
import { CODE_LIFETIME } from './one-time-code.js'

/** A message in the reader's language that can be sent as it is: `mailer.sendMail({ to, ...message })`. */
export interface MailMessage {
  readonly subject: string
  /** Plain text; whatever `html` says, it says too. */
  readonly text: string
  readonly html: string
}

/** What `send` is given: one link, to one mailbox. */
export interface LinkMessage {
  /** The address to write to. */
  readonly email: string
  /** A credential: put it into the message, and nowhere else. */
  readonly link: string
  /** Until when the link can be used. */
  readonly expiresAt: Date
  /** The message, ready to be sent, in the language of the request's pages. */
  readonly message: MailMessage
  readonly req: Request
}

/** The same, where the message can carry a code beside the link. */
export interface CodeMessage extends LinkMessage {
  /** A credential, too: it works for ten minutes, in the browser that asked for it. `undefined` without the option `code`. */
  readonly code: string | undefined
}

/** What a message is about: an entry of the catalog's `mail`. */
type MailKind = 'selfService' | 'conversion' | 'freshLink' | 'invitation'

/** What a message says. */
export interface MailContent {
  readonly kind: MailKind
  readonly link: string
  readonly expiresAt: Date
  /** A one-time code that can be typed in place of the link. */
  readonly code?: string | undefined
}

/**
 * Writes the message that carries a link. It contains nothing that a person has typed: the mailbox may be another person's.
 * Mail programs ignore style sheets, so the styles are inline; the colours of text and background are the reader's own.
 */
export function mailOf({ lang, dir, words, brand }: PageContext, content: MailContent): MailMessage {
  const { kind, link, expiresAt, code } = content
  const { mail } = words
  const { subject, text, button } = mail[kind]
  const duration = durationIn(lang, (expiresAt.getTime() - Date.now()) / 1000)
  const title = onOneLine(subject(brand?.name))
  const codeText = code === undefined ? [] : [mail.code(durationIn(lang, CODE_LIFETIME)), code]
  // An invitation was not asked for by the person who gets it.
  const hints = [
    mail.validFor(duration),
    mail.keepSecret,
    ...(kind === 'invitation' ? [] : [mail.ignore]),
  ].join(' ')
  const lines = [text, link, ...codeText, hints]
  const { act, onAct } = palettesOf(brand).light
  const body = html`<!doctype html>
    <html lang="${lang}" dir="${dir}">
      <head>
        <meta charset="utf-8" />
        <meta name="viewport" content="width=device-width, initial-scale=1" />
        <meta name="color-scheme" content="light dark" />
        <title>${title}</title>
      </head>
      <body style="margin: 0; padding: 24px">
        <div
          lang="${lang}"
          dir="${dir}"
          style="max-width: 480px; margin: 0 auto; font: 16px/1.5 system-ui, sans-serif"
        >
          ${brand && brandHtml(brand)}
          <p>${text}</p>
          <p style="margin: 24px 0">
            <a
              href="${link}"
              style="display: inline-block; padding: 12px 24px; border-radius: 4px; background: ${act}; color: ${onAct}; font-weight: bold; text-decoration: none"
              >${button}</a
            >
          </p>
          ${
            code !== undefined &&
            html`<p>${codeText[0]}</p>
              <p style="font: bold 24px/1.5 monospace; letter-spacing: 2px">${code}</p>`
          }
          <p style="font-size: 14px">
            ${mail.plainLink}<br />
            <a href="${link}" style="color: inherit; word-break: break-all">${link}</a>
          </p>
          <p style="font-size: 14px">${hints}</p>
        </div>
      </body>
    </html> `
  return { subject: title, text: `${lines.join('\n\n')}\n`, html: body.text }
}

/** A mail has no address of its own, so that only an absolute one leads to a logo. */
function brandHtml({ name, logo }: Brand): Html {
  const shown =
    logo !== undefined && /^https?:/.test(logo)
      ? html`<img src="${logo}" alt="${name ?? ''}" height="40" />`
      : html`${name}`
  return html`<p style="font-size: 18px; font-weight: bold">${shown}</p>`
}

/** Tells the operator that `send` failed. @param advice what to do, and what became of what was stored */
export function warnOfUnsent(code: string, caller: string, cause: unknown, advice: string): void {
  warn(code, `${caller}: The link was not sent: ${describeError(cause)}`, advice)
}

/** A line break in a subject would begin another header. */
function onOneLine(text: string): string {
  return text.replace(/\s+/g, ' ').trim()
}
