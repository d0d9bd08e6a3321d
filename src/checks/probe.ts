import { createServer, get, type IncomingMessage, type RequestListener, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { collectFindings, type Collector } from './runtime/request-checks.js'

/** How long the application may take, in milliseconds. */
const PATIENCE = 5000

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
  let seen: { req: IncomingMessage; closed: Promise<void> } | undefined
  const server = createServer((req, res) => {
    seen = { req, closed: closed(res) }
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

async function closed(res: ServerResponse): Promise<void> {
  await new Promise((resolve) => res.once('close', resolve))
}

/** The status, once the answer has ended or time is up; `undefined` if there is none, or the connection was cut. */
async function statusOf(port: number, path: string): Promise<number | undefined> {
  return await new Promise((resolve, reject) => {
    let status: number | undefined
    const options = { host: '127.0.0.1', port, path, headers: HEADERS, agent: false }
    const request = get(options, (answer) => {
      status = answer.statusCode
      answer.resume()
      answer.once('close', finish)
    })
    const patience = setTimeout(finish, PATIENCE)
    request.on('error', (error: NodeJS.ErrnoException) => {
      if (status === undefined && error.code !== 'ECONNRESET') reject(error)
      finish()
    })

    function finish(): void {
      clearTimeout(patience)
      resolve(status)
      request.destroy()
    }
  })
}

/** With `saveUninitialized`, or by a middleware that writes to it, a session was stored. */
async function forgetSession(req: IncomingMessage): Promise<void> {
  const { sessionID, sessionStore } = req as {
    readonly sessionID?: unknown
    readonly sessionStore?: { destroy?: (id: string, done: () => void) => unknown }
  }
  if (typeof sessionID !== 'string' || typeof sessionStore?.destroy !== 'function') return
  await new Promise<void>((resolve) => {
    const patience = setTimeout(resolve, PATIENCE)
    const done = (): void => {
      clearTimeout(patience)
      resolve()
    }
    try {
      sessionStore.destroy?.(sessionID, done)
    } catch {
      done()
    }
  })
}
