import type { Traffic } from './traffic.js'

/** A response; `status` is 0 if there was none. */
export interface Answer {
  readonly status: number
  readonly text: string
  readonly location: string | null
  readonly retryAfter: string | null
  /** The time of arrival, in milliseconds since the epoch. */
  readonly at: number
}

/** Whether a response acknowledges the change. */
export function isAcknowledged({ status }: Answer): boolean {
  return status >= 200 && status < 400
}

/** Whether it is unknown if the change was made: the connection broke, or a part was unavailable. */
export function isUncertain({ status }: Answer): boolean {
  return status === 0 || status >= 500
}

export function bodyOf(answer: Answer): Readonly<Record<string, unknown>> {
  return answer.text.startsWith('{') ? (JSON.parse(answer.text) as Record<string, unknown>) : {}
}

const AGENT = 'Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0'

/** The time-out of a request. */
const LONGEST_MS = 10_000

/** A browser with a cookie jar. It stores cookies of every response, whatever its status. */
export class Browser {
  constructor(
    private readonly origin: string,
    private readonly traffic: Traffic,
    private readonly cookies = new Map<string, string>(),
  ) {}

  /** A stored copy: the same cookies now, separate ones later. */
  copy(): Browser {
    return new Browser(this.origin, this.traffic, new Map(this.cookies))
  }

  /** Another tab, whose requests reach another process: the same cookies now and later. */
  tab(origin: string): Browser {
    return new Browser(origin, this.traffic, this.cookies)
  }

  async get(path: string, accept = 'application/json'): Promise<Answer> {
    return await this.send('GET', path, { accept })
  }

  async postJson(path: string, body: object): Promise<Answer> {
    const headers = { 'content-type': 'application/json', accept: 'application/json' }
    return await this.send('POST', path, headers, JSON.stringify(body))
  }

  /** Posts like a form. */
  async postForm(path: string, fields: Readonly<Record<string, string>>): Promise<Answer> {
    const headers = { 'content-type': 'application/x-www-form-urlencoded', accept: 'text/html' }
    return await this.send('POST', path, headers, new URLSearchParams(fields).toString())
  }

  private async send(
    method: string,
    path: string,
    headers: Readonly<Record<string, string>>,
    body?: string,
  ): Promise<Answer> {
    const began = Date.now()
    const answer = await this.fetch(method, path, headers, body)
    this.traffic.note({ method, path, began, took: answer.at - began, answer })
    return answer
  }

  private async fetch(
    method: string,
    path: string,
    headers: Readonly<Record<string, string>>,
    body: string | undefined,
  ): Promise<Answer> {
    try {
      const response = await fetch(new URL(path, this.origin), {
        method,
        redirect: 'manual',
        signal: AbortSignal.timeout(LONGEST_MS),
        headers: {
          ...headers,
          'user-agent': AGENT,
          ...(this.cookies.size > 0 && {
            cookie: [...this.cookies].map((pair) => pair.join('=')).join('; '),
          }),
        },
        ...(body !== undefined && { body }),
      })
      this.keep(response.headers.getSetCookie())
      const { status, headers: told } = response
      const [location, retryAfter] = [told.get('location'), told.get('retry-after')]
      return { status, text: await response.text(), location, retryAfter, at: Date.now() }
    } catch {
      return { status: 0, text: '', location: null, retryAfter: null, at: Date.now() }
    }
  }

  private keep(set: readonly string[]): void {
    for (const line of set) {
      const [pair = '', ...attributes] = line.split('; ')
      const [name, value] = [pair.slice(0, pair.indexOf('=')), pair.slice(pair.indexOf('=') + 1)] as const
      const expires = attributes
        .find((attribute) => attribute.startsWith('Expires='))
        ?.slice('Expires='.length)
      if (expires !== undefined && new Date(expires) <= new Date()) this.cookies.delete(name)
      else this.cookies.set(name, value)
    }
  }
}
