import { createServer, get, type IncomingMessage, type RequestListener } from 'node:http'
import type { AddressInfo } from 'node:net'
import { settled, type SessionStore } from '../http/session.js'
import { collectFindings, type Collector } from './runtime/request-checks.js'

/** How long the application may take, in milliseconds. */
const PATIENCE_MS = 5000

/** What one request led to. */
export interface Probe {
  /** `undefined` if there was no answer in time. */
  readonly status: number | undefined
  /** Why no request could be sent. */
  readonly failure?: unknown
}

/** A browser that fetches a page ahead of a click: no link is used up, and no guest is created. */
const HEADERS = {
  accept: 'text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8',
  'accept-language': 'en',
  'user-agent': 'Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0',
  'sec-purpose': 'prefetch',
  'x-forwarded-proto': 'https', // of a proxy, so that an application that insists on HTTPS answers
  connection: 'close',
}

/** Sends the application one GET over the loopback interface. Leaves nothing open, and no session behind. */
export async function sendProbe(app: RequestListener, path: string, collector: Collector): Promise<Probe> {
  let seen: { req: IncomingMessage; closed: Promise<unknown> } | undefined
  const server = createServer((req, res) => {
    seen = { req, closed: new Promise((resolve) => res.once('close', resolve)) }
    collectFindings(req, collector)
    try {
      app(req, res)
    } catch {
      res.destroy()
    }
  })
  try {
    await new Promise<void>((resolve, reject) => {
      server.once('error', reject)
      server.listen(0, '127.0.0.1', resolve)
    })
    const status = await statusOf((server.address() as AddressInfo).port, path)
    await seen?.closed
    if (seen !== undefined) await forgetSession(seen.req)
    return { status }
  } catch (failure) {
    return { status: undefined, failure }
  } finally {
    server.closeAllConnections()
    server.close()
  }
}

/** The status, once the answer has ended or time is up; `undefined` if there is none, or the connection was cut. */
async function statusOf(port: number, path: string): Promise<number | undefined> {
  let status: number | undefined
  const request = get({ host: '127.0.0.1', port, path, headers: HEADERS, agent: false })
  const ended = new Promise<void>((resolve, reject) => {
    request.on('response', (answer) => {
      status = answer.statusCode
      answer.resume().once('close', resolve)
    })
    request.on('error', (error: NodeJS.ErrnoException) => {
      if (error.code === 'ECONNRESET') resolve()
      else reject(error)
    })
  })
  await inTime(ended)
  request.destroy()
  return status
}

/** With `saveUninitialized`, or by a middleware that writes to it, a session was stored. */
async function forgetSession(req: IncomingMessage): Promise<void> {
  const { sessionID, sessionStore } = req as { sessionID?: string; sessionStore?: SessionStore }
  if (sessionID === undefined || sessionStore === undefined) return
  const destroyed = settled((done) => sessionStore.destroy(sessionID, done))
  await inTime(destroyed.catch(() => undefined))
}

async function inTime(work: Promise<void>): Promise<void> {
  let timer: NodeJS.Timeout | undefined
  const timeIsUp = new Promise<void>((resolve) => {
    timer = setTimeout(resolve, PATIENCE_MS)
  })
  await Promise.race([work, timeIsUp]).finally(() => {
    clearTimeout(timer)
  })
}
