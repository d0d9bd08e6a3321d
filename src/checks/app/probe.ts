import { randomBytes } from 'node:crypto'
import { createServer, get, type IncomingMessage, type Server, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import type { Request, Response } from 'express'
import type { ApplicationLike } from './express-parts.js'
import type { Step } from './outline.js'
import { shadowOf, type Trail } from './shadow.js'

/** How long a page may take to answer, in milliseconds. */
const PATIENCE = 5000

/** What came of one request. */
export interface Probe {
  /** `undefined` if there was no answer in time. */
  readonly status: number | undefined
  readonly trail: Trail
  /** The request as the application left it. */
  readonly req: Request | undefined
  /** Why there was no request at all. */
  readonly failure?: unknown
}

/** An ordinary browser, looking at a page; ahead of its person, so that nobody's link is used up. */
const HEADERS = {
  accept: 'text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8',
  'accept-language': 'en',
  'user-agent': 'Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0',
  'sec-purpose': 'prefetch',
  'x-forwarded-proto': 'https', // of a proxy, so that what insists on HTTPS lets it pass
  connection: 'close',
}

/**
 * Sends the application one GET for a page that it does not have, over the loopback interface, and watches it from step to
 * step. Gives up after five seconds. Leaves nothing open, and no session behind.
 */
export async function probe(app: ApplicationLike, steps: readonly Step[], base: string): Promise<Probe> {
  const trail: Trail = { open: new Set(), isShortened: false }
  const shadow = shadowOf(app, steps, trail)
  const path = `${base}/${randomBytes(12).toString('hex')}`
  const held: { req?: Request; isOver?: boolean } = {}
  const server = createServer((req, res) => {
    if (req.url !== path || held.req !== undefined) {
      res.destroy() // somebody else's
      return
    }
    held.req = req as Request
    onceEnded(res, () => {
      if (held.isOver) void forgetSession(req as Request)
    })
    try {
      app.handle.call(shadow, held.req, res as Response)
    } catch (error) {
      trail.error ??= error // Express lets nothing through; what merely looks like it may
      res.destroy()
    }
  })
  try {
    const port = await listen(server)
    const answer = await ask(port, path)
    held.isOver = true // a page that answers later stores its session then
    if (held.req !== undefined) await forgetSession(held.req)
    return { status: answer?.statusCode, trail, req: held.req }
  } catch (failure) {
    return { status: undefined, trail, req: held.req, failure }
  } finally {
    server.closeAllConnections()
    server.close()
  }
}

/**
 * Calls back when the page has ended its answer, even if nobody is there any more to get it, of which no event tells.
 * express-session stores the session before it calls the `end` that it found.
 */
function onceEnded(res: ServerResponse, done: () => void): void {
  const end = res.end.bind(res) as (...args: unknown[]) => ServerResponse
  res.end = (...args: unknown[]) => {
    try {
      return end(...args)
    } finally {
      done()
    }
  }
}

async function listen(server: Server): Promise<number> {
  return await new Promise((resolve, reject) => {
    server.once('error', reject)
    server.listen(0, '127.0.0.1', () => {
      resolve((server.address() as AddressInfo).port)
    })
  })
}

/** The answer, once it is there, whole or not; `undefined` if none comes. */
async function ask(port: number, path: string): Promise<IncomingMessage | undefined> {
  return await new Promise((resolve, reject) => {
    const found: { answer?: IncomingMessage } = {}
    const request = get({ host: '127.0.0.1', port, path, headers: HEADERS, agent: false }, (answer) => {
      found.answer = answer
      answer.resume()
      answer.once('close', finish)
    })
    const patience = setTimeout(finish, PATIENCE)
    request.on('error', (error) => {
      clearTimeout(patience)
      // A connection that the application cuts is its answer.
      if (found.answer === undefined && !isCut(error)) reject(error)
      else resolve(found.answer)
    })

    function finish(): void {
      clearTimeout(patience)
      resolve(found.answer)
      request.destroy()
    }
  })
}

function isCut(error: Error): boolean {
  return (error as NodeJS.ErrnoException).code === 'ECONNRESET'
}

/** With `saveUninitialized`, or by something that writes to it, the application has stored a session for us. */
async function forgetSession(req: Request): Promise<void> {
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
      const result = sessionStore.destroy?.(sessionID, done)
      if (result instanceof Promise) result.catch(done)
    } catch {
      done()
    }
  })
}
