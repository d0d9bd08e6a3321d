import { createTransport } from 'nodemailer'
import addressparser from 'nodemailer/lib/addressparser'
import { compose, type Letter } from './compose.js'

/** An e-mail to one person. Their name and address are what somebody typed. */
interface Mail extends Letter {
  readonly to: { readonly name: string; readonly address: string }
}

export interface Mailer {
  /** Settles when the server has taken the e-mail; rejects if it did not, within {@link PATIENCE} at the latest. */
  readonly send: (mail: Mail) => Promise<void>
  /** Gives up what is being sent. */
  readonly close: () => void
}

export interface MailerOptions {
  /** `smtp://user:password@host:587`, or `smtps://…`: any connection URL of nodemailer's. */
  readonly smtpUrl: string
  /** `Name <address>` */
  readonly from: string
}

/** Milliseconds. Somebody waits in front of the browser while a mail server does not answer. */
const PATIENCE = 15_000

/** @throws {Error} at start-up, if there is no telling which server or whose address is meant */
export function createMailer({ smtpUrl, from }: MailerOptions): Mailer {
  const sender = parseSender(from)
  const transport = createTransport({ url: checkUrl(smtpUrl) })
  const closing = new AbortController()
  return {
    send: async ({ to, subject, body, link, expiresAt }) => {
      await transport.sendMail({
        from: sender,
        // As a field each, never as `Name <address>`: what was typed cannot become a second recipient or header.
        to: { name: onOneLine(to.name), address: to.address },
        subject: onOneLine(subject),
        ...compose({ subject, body, link, expiresAt }),
        disableFileAccess: true,
        disableUrlAccess: true,
        signal: AbortSignal.any([closing.signal, AbortSignal.timeout(PATIENCE)]),
      })
    },
    close: () => {
      closing.abort(new Error('The application is stopping'))
      transport.close()
    },
  }
}

/** nodemailer encodes a line break in a name, so that it does no harm; mail programs show strange things then. */
function onOneLine(text: string): string {
  return text.replace(/\s+/g, ' ').trim()
}

/** The URL is kept out of the message: it holds a password. */
function checkUrl(url: string): string {
  if (URL.canParse(url) && /^smtps?:$/.test(new URL(url).protocol)) return url
  throw new Error('SMTP_URL has to look like smtp://user:password@host:587 or smtps://…')
}

function parseSender(from: string): { name: string; address: string } {
  const [sender, ...others] = addressparser(from, { flatten: true })
  if (sender?.address.includes('@') === true && others.length === 0) return sender
  throw new Error(
    `MAIL_FROM has to be one address, such as References <references@example.com>; it is ${from}`,
  )
}
