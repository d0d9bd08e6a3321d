import { createTransport } from 'nodemailer'
import addressparser from 'nodemailer/lib/addressparser'

/** An e-mail to one person. Name, address and subject are user input. */
interface Mail {
  readonly to: { readonly name: string; readonly address: string }
  readonly subject: string
  readonly text: string
  readonly html: string
}

export interface Mailer {
  /** Resolves when the server has accepted the e-mail; otherwise rejects, after {@link TIMEOUT} at the latest. */
  readonly send: (mail: Mail) => Promise<void>
  /** Aborts e-mails that are being sent. */
  readonly close: () => void
}

export interface MailerOptions {
  /** `smtp://user:password@host:587`, or `smtps://…`: any connection URL of nodemailer's. */
  readonly smtpUrl: string
  /** `Name <address>` */
  readonly from: string
}

/** Milliseconds. The user's request waits for the mail server. */
const TIMEOUT = 15_000

/** @throws {Error} at start-up, if the URL or the sender's address is invalid */
export function createMailer({ smtpUrl, from }: MailerOptions): Mailer {
  const sender = parseSender(from)
  const transport = createTransport({ url: checkUrl(smtpUrl) })
  const closing = new AbortController()
  return {
    send: async ({ to, subject, text, html }) => {
      await transport.sendMail({
        from: sender,
        // As separate fields, not as `Name <address>`, so that user input cannot add a second recipient or header.
        to: { name: onOneLine(to.name), address: to.address },
        subject: onOneLine(subject),
        text,
        html,
        disableFileAccess: true,
        disableUrlAccess: true,
        signal: AbortSignal.any([closing.signal, AbortSignal.timeout(TIMEOUT)]),
      })
    },
    close: () => {
      closing.abort(new Error('The application is stopping'))
      transport.close()
    },
  }
}

/** nodemailer encodes line breaks in a name, which mail programs then show incorrectly. */
function onOneLine(text: string): string {
  return text.replace(/\s+/g, ' ').trim()
}

/** The error does not contain the URL, because it contains a password. */
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
