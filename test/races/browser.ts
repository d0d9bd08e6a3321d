import { randomInt } from 'node:crypto'
import { setTimeout } from 'node:timers/promises'
import type { Who } from '../support/application.js'
import { BROWSER } from '../support/application.js'

/** What an answer says; which fields there are depends on the path. */
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

/** Longer than most of what is going on: requests meet at every point of each other's work. */
const LONGEST_DELAY_MS = 8

/** Somebody with one cookie, which two tabs may bear at the same time, asking any of the processes. */
export class Browser {
  cookie = ''

  constructor(private readonly origins: readonly string[]) {}

  /** Another tab, or a thief: the same cookie now, its own later. */
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

  /** The same, at some moment soon. */
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
