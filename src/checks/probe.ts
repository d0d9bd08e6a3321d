import { once } from 'node:events'
import { createServer, get, type IncomingMessage, type RequestListener } from 'node:http'
import type { AddressInfo } from 'node:net'
import type { SessionStore } from '../http/session.js'
import { collectFindings, type Collector } from './runtime/request-checks.js'

/** How long the application may take, in milliseconds. */
const PATIENCE_MS = 5000

/** A browser that fetches a page ahead of a click: no link is used up, and no guest is created. */
const HEADERS = {
  accept: 'text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8',
  'accept-language': 'en',
  'user-agent': 'Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0',
  'sec-purpose': 'prefetch',
  'x-forwarded-proto': 'https', // of a proxy, so that an application that insists on HTTPS answers
  connection: 'close',
}

/**
 * Sends the application one GET over the loopback interface. Leaves nothing open, and no session behind.
 *
 * @returns the status, once the answer has ended or time is up; `undefined` if there is none
 * @throws if the process may not listen on 127.0.0.1
 */
export async function sendProbe(
  app: RequestListener,
  path: string,
  collector: Collector,
): Promise<number | undefined> {
  let seen: { req: IncomingMessage; closed: Promise<unknown> } | undefined
  const server = createServer((req, res) => {
    seen = { req, closed: new Promise((resolve) => res.once('close', resolve)) }
    collectFindings(req, collector)
    pretendTls(req)
    try {
      app(req, res)
    } catch {
      res.destroy()
    }
  })
  try {
    server.listen(0, '127.0.0.1')
    await once(server, 'listening')
    const status = await statusOf((server.address() as AddressInfo).port, path)
    await seen?.closed
    if (seen !== undefined) await forgetSession(seen.req)
    return status
  } finally {
    server.closeAllConnections()
    server.close()
  }
}

async function statusOf(port: number, path: string): Promise<number | undefined> {
  let status: number | undefined
  const request = get({ host: '127.0.0.1', port, path, headers: HEADERS, agent: false })
  await inTime((done) => {
    request.on('error', done) // the connection was cut, or what came was no HTTP
    request.on('response', (answer) => {
      status = answer.statusCode
      answer.resume().once('close', done)
    })
  })
  request.destroy()
  return status
}

/**
 * Whether TLS ends at a proxy or in the application's own server, which this one replaces, is unknown: both look like TLS
 * here, so that a cookie with `secure: 'auto'` is a secure one.
 */
function pretendTls({ socket }: IncomingMessage): void {
  Object.defineProperty(socket, 'encrypted', { value: true })
}

/** With `saveUninitialized`, or by a middleware that writes to it, a session was stored. */
async function forgetSession(req: IncomingMessage): Promise<void> {
  const { sessionID, sessionStore } = req as { sessionID?: string; sessionStore?: SessionStore }
  if (sessionID === undefined || sessionStore === undefined) return
  await inTime((done) => sessionStore.destroy(sessionID, done))
}

/** Waits until `done` is called, for five seconds at most. */
async function inTime(start: (done: () => void) => unknown): Promise<void> {
  let timer: NodeJS.Timeout | undefined
  await new Promise<void>((resolve) => {
    timer = setTimeout(resolve, PATIENCE_MS)
    start(resolve)
  }).finally(() => {
    clearTimeout(timer)
  })
}
