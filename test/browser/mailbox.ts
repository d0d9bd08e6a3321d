import assert from 'node:assert/strict'
import { once } from 'node:events'
import type { AddressInfo } from 'node:net'
import PostalMime, { type Email } from 'postal-mime'
import { SMTPServer } from 'smtp-server'

/** A mail server for the test, outside the demo's process, so that e-mails really use SMTP. */
export interface Mailbox {
  /** The value for `SMTP_URL`. */
  readonly url: string
  /** All received e-mails, parsed; the oldest first. */
  readonly received: readonly Email[]
  /** While true, the server refuses every e-mail, like a full mailbox. */
  isFull: boolean
  readonly close: () => Promise<void>
}

export async function openMailbox(): Promise<Mailbox> {
  const received: Email[] = []
  const server = new SMTPServer({
    disabledCommands: ['AUTH', 'STARTTLS'],
    disableReverseLookup: true,
    closeTimeout: 1000,
    onRcptTo: (_address, _session, done) => {
      done(mailbox.isFull ? Object.assign(new Error('Mailbox full'), { responseCode: 452 }) : null)
    },
    onData: (stream, { envelope }, done) => {
      PostalMime.parse(ReadableStream.from(stream) as ReadableStream<Uint8Array>)
        .then((email) => {
          assert.deepEqual(
            envelope.rcptTo.map(({ address }) => address),
            email.to?.map(({ address }) => address),
            'the recipients of the envelope are those of the header',
          )
          received.push(email)
          done()
        })
        .catch(done)
    },
  })
  server.listen(0, '127.0.0.1')
  await once(server.server, 'listening')
  const { port } = server.server.address() as AddressInfo
  const mailbox: Mailbox = {
    url: `smtp://127.0.0.1:${port}`,
    received,
    isFull: false,
    close: () =>
      new Promise((resolve) => {
        server.close(resolve)
      }),
  }
  return mailbox
}

/** The newest e-mail to an address. It arrived before the response of the page, so no wait is needed. */
export function emailTo({ received }: Mailbox, recipient: string): Email {
  const found = received.findLast(({ to }) => to?.some(({ address }) => address === recipient))
  assert.ok(found, `No e-mail to ${recipient}, but ${received.length} to others`)
  return found
}

/** The link in an e-mail's plain text: a line of its own. */
export function linkIn({ text = '' }: Email): string {
  const links = text
    .split('\n')
    .filter((line) => URL.canParse(line) && new URL(line).searchParams.has('vuid'))
  assert.equal(links.length, 1, text)
  return links[0] ?? ''
}

/** The one-time code in an e-mail's plain text: a line of its own. */
export function codeIn({ text = '' }: Email): string {
  const code = /^\d{4} ?\d{4}\r?$/m.exec(text)?.[0].trim()
  assert.ok(code, text)
  return code
}
