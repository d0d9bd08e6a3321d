import { once } from 'node:events'
import type { AddressInfo } from 'node:net'
import { SMTPServer, type SMTPServerDataStream } from 'smtp-server'
import type { Inbox } from './inbox.js'

/** A mail server in this process, which delivers every e-mail to one inbox. */
export interface Sink {
  readonly url: string
  readonly close: () => Promise<void>
}

const HOST = '127.0.0.1'
const LARGEST = 64 * 1024 // bytes

/** Accepts e-mails from this machine, on a free port, without a password, and forwards none. */
export async function startSink(inbox: Inbox): Promise<Sink> {
  const server = new SMTPServer({
    disabledCommands: ['AUTH', 'STARTTLS'],
    disableReverseLookup: true,
    logger: false,
    size: LARGEST,
    rejectOversized: true,
    maxClients: 10,
    socketTimeout: 10_000,
    closeTimeout: 1000,
    onConnect: ({ remoteAddress }, done) => {
      done(
        remoteAddress === HOST
          ? null
          : new Error('This server accepts connections from its own machine only'),
      )
    },
    onRcptTo: (_address, { envelope }, done) => {
      done(envelope.rcptTo.length < 10 ? null : new Error('Too many recipients'))
    },
    onData: (stream, _session, done) => {
      receive(stream, inbox).then(() => {
        done()
      }, done)
    },
  })
  server.listen(0, HOST)
  await once(server.server, 'listening')
  // A client that closes its connection early is no error of the server.
  server.on('error', () => undefined)
  const { port } = server.server.address() as AddressInfo
  return {
    url: `smtp://${HOST}:${port}`,
    close: () =>
      new Promise((resolve) => {
        server.close(resolve)
      }),
  }
}

/** Reads the whole message, and stores it unless it is too large. */
async function receive(stream: SMTPServerDataStream, inbox: Inbox): Promise<void> {
  const chunks: Buffer[] = []
  for await (const chunk of stream) if (!stream.sizeExceeded) chunks.push(chunk as Buffer)
  if (!stream.sizeExceeded) await inbox.keep(Buffer.concat(chunks))
}
