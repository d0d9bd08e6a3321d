import autocannon from 'autocannon'
import { NOT_FOUND } from './servers/settings.js'

/** The requests to repeat. */
export interface Load {
  readonly origin: string
  /** Requested in turn. */
  readonly routes: readonly string[]
  readonly cookie: string | undefined
  readonly status: number
}

/** autocannon's own User-Agent counts as a bot's, and bots create no guest. */
const BROWSER = 'Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0'

/**
 * Sends requests for some seconds; each connection sends the next one after a response.
 *
 * @returns the number of responses
 * @throws {Error} if a response has another status
 */
export async function send(load: Load, connections: number, seconds: number): Promise<number> {
  const { origin, routes, status } = load
  let next = 0
  const result = await autocannon({
    url: origin,
    connections,
    duration: seconds,
    headers: headersOf(load),
    // Connections start at different places of the list; otherwise all would redeem the same pass in parallel.
    setupClient(client) {
      next += Math.ceil(routes.length / connections)
      client.setRequests(routes.map((_, index) => ({ path: routes[(next + index) % routes.length] ?? '/' })))
    },
  })
  const { total } = result.requests
  const wanted = (result as { statusCodeStats?: Record<string, { count: number }> }).statusCodeStats?.[status]
  if (wanted?.count !== total || result.errors > 0 || total === 0) {
    throw new Error(
      `${origin} did not always respond with ${status}: ${JSON.stringify(result.statusCodeStats)}`,
    )
  }
  return total
}

/** Sends one request, and returns the cookie of its response. */
export async function visit({ origin, routes, cookie, status }: Load): Promise<string | undefined> {
  const response = await fetch(`${origin}${routes[0] ?? '/'}`, {
    redirect: 'manual',
    headers: headersOf({ cookie }),
  })
  const body = await response.text()
  if (response.status !== status || body.includes(NOT_FOUND)) {
    throw new Error(`${response.url} responded with ${response.status} ${body}`)
  }
  return response.headers.getSetCookie()[0]?.split(';', 1)[0]
}

function headersOf({ cookie }: Pick<Load, 'cookie'>): Record<string, string> {
  return { 'user-agent': BROWSER, ...(cookie !== undefined && { cookie }) }
}
