import { randomInt } from 'node:crypto'
import { setTimeout } from 'node:timers/promises'
import type { Who } from '../support/application.js'
import { BROWSER } from '../support/application.js'

/** A response; its fields depend on the path. */
export interface Answer {
  readonly status: number
  readonly body: Partial<Who> & {
    readonly id?: number
    readonly deleted?: boolean
    readonly code?: string
    readonly message?: string
    readonly cause?: string
  }
}

/** Longer than most requests take, so that they overlap at every point. */
const LONGEST_DELAY_MS = 8

/** A browser with one cookie that sends each request to a random process. */
export class Browser {
  cookie = ''

  constructor(private readonly origins: readonly string[]) {}

  /** A second tab, or an attacker: the same cookie now, a separate one later. */
  copy(): Browser {
    const other = new Browser(this.origins)
    other.cookie = this.cookie
    return other
  }

  async post(path: string, body: object = {}): Promise<Answer> {
    return await this.send('POST', path, JSON.stringify(body))
  }

  async get(path: string): Promise<Answer> {
    return await this.send('GET', path)
  }

  /** Posts after a short random delay. */
  async soon(path: string, body: object = {}): Promise<Answer> {
    await setTimeout(randomInt(LONGEST_DELAY_MS))
    return await this.post(path, body)
  }

  private async send(method: string, path: string, body?: string): Promise<Answer> {
    const origin = this.origins[randomInt(this.origins.length)] ?? ''
    const response = await fetch(origin + path, {
      method,
      headers: {
        'user-agent': BROWSER,
        ...(body !== undefined && { 'content-type': 'application/json' }),
        ...(this.cookie !== '' && { cookie: this.cookie }),
      },
      ...(body !== undefined && { body }),
    })
    const text = await response.text()
    const [set] = response.headers.getSetCookie()
    if (set !== undefined) this.cookie = set.split(';')[0] ?? ''
    return { status: response.status, body: text.startsWith('{') ? (JSON.parse(text) as Answer['body']) : {} }
  }
}
