/** A User-Agent of a browser: that of `fetch` in Node counts as a program's. */
export const BROWSER = 'Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0'

/** What a request was answered with. Redirects are not followed. */
export interface Answer {
  readonly status: number
  readonly location: string | null
  readonly text: string
  /** The body, if it is JSON. */
  readonly json: Readonly<Record<string, unknown>>
}

/** A browser with a cookie jar, which posts forms and names its origin as browsers do. */
export class Browser {
  private readonly jar = new Map<string, string>()

  constructor(private readonly origin: string) {}

  /** The `Cookie` header. */
  get cookie(): string {
    return [...this.jar].map(([name, value]) => `${name}=${value}`).join('; ')
  }

  get(path: string): Promise<Answer> {
    return this.send(path, {})
  }

  post(path: string, form: Readonly<Record<string, string>> = {}): Promise<Answer> {
    return this.send(path, {
      method: 'POST',
      body: new URLSearchParams(form),
      headers: { origin: this.origin },
    })
  }

  private async send(
    path: string,
    {
      headers,
      ...init
    }: { readonly headers?: Readonly<Record<string, string>> } & Pick<RequestInit, 'method' | 'body'>,
  ): Promise<Answer> {
    const response = await fetch(new URL(path, this.origin), {
      ...init,
      redirect: 'manual',
      headers: { ...headers, 'user-agent': BROWSER, cookie: this.cookie },
      signal: AbortSignal.timeout(60_000),
    })
    for (const header of response.headers.getSetCookie()) {
      const [, name = '', value = ''] = /^([^=]+)=([^;]*)/.exec(header) ?? []
      this.jar.set(name, value)
    }
    const text = await response.text()
    const isJson = /\bjson\b/.test(response.headers.get('content-type') ?? '')
    const json = (isJson ? JSON.parse(text) : {}) as Record<string, unknown>
    return { status: response.status, location: response.headers.get('location'), text, json }
  }
}
