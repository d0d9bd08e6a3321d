import autocannon from 'autocannon'

/** What is asked of a server, again and again. */
export interface Load {
  readonly origin: string
  /** Taken in turn. */
  readonly routes: readonly string[]
  readonly cookie: string | undefined
  readonly status: number
}

/** The load's own User-Agent is a bot's, and bots get no guest. */
const BROWSER = 'Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0'

/**
 * Sends requests for some seconds, each connection the next when the last is answered.
 *
 * @returns how many were answered
 * @throws {Error} if any answer was not the wanted one
 */
export async function send(load: Load, connections: number, seconds: number): Promise<number> {
  const { origin, routes, status } = load
  let next = 0
  const result = await autocannon({
    url: origin,
    connections,
    duration: seconds,
    headers: headersOf(load),
    // Connections begin at different places of the list, or all would redeem the same pass at once.
    setupClient(client) {
      next += Math.ceil(routes.length / connections)
      client.setRequests(routes.map((_, index) => ({ path: routes[(next + index) % routes.length] ?? '/' })))
    },
  })
  const { total } = result.requests
  const wanted = (result as { statusCodeStats?: Record<string, { count: number }> }).statusCodeStats?.[status]
  if (wanted?.count !== total || result.errors > 0 || total === 0) {
    throw new Error(`${origin} answered otherwise than ${status}: ${JSON.stringify(result.statusCodeStats)}`)
  }
  return total
}

/** One request; its answer's cookie. */
export async function visit({ origin, routes, cookie, status }: Load): Promise<string | undefined> {
  const response = await fetch(`${origin}${routes[0] ?? '/'}`, {
    redirect: 'manual',
    headers: headersOf({ cookie }),
  })
  const body = await response.text()
  if (response.status !== status || body.includes('nobody')) {
    throw new Error(`${response.url} answered ${response.status} ${body}`)
  }
  return response.headers.getSetCookie()[0]?.split(';', 1)[0]
}

function headersOf({ cookie }: Pick<Load, 'cookie'>): Record<string, string> {
  return { 'user-agent': BROWSER, ...(cookie !== undefined && { cookie }) }
}
