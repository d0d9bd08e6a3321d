import assert from 'node:assert/strict'
import { once } from 'node:events'
import type { AddressInfo } from 'node:net'
import PostalMime, { type Email } from 'postal-mime'
import { SMTPServer } from 'smtp-server'

/** A mail server for the walk, in a process that is not the demo's: what it has, came over SMTP. */
export interface Mailbox {
  /** What `SMTP_URL` is to say. */
  readonly url: string
  /** Every e-mail so far, decoded; the oldest first. */
  readonly received: readonly Email[]
  /** While it is true, the server takes nothing, as a full one does. */
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
            'an e-mail goes to whom it names, and to nobody else',
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

/** The newest e-mail to an address. The server had it before the page that says so was made: there is nothing to wait for. */
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
