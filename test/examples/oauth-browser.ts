import { BROWSER } from '../support/application.js'

/** The page that a browser shows after all redirects. */
export interface Page {
  readonly url: string
  readonly status: number
  readonly text: string
}

/** A browser with a cookie jar for each site, because application and provider redirect to each other. */
export class Browser {
  private readonly jars = new Map<string, Map<string, string>>()

  /** @param session continues a session, by the cookies that `cookies` returned */
  constructor(
    private readonly home: string,
    session = '',
  ) {
    for (const cookie of session.split('; ').filter(Boolean)) this.keep(home, cookie)
  }

  get(path: string): Promise<Page> {
    return this.follow(new URL(path, this.home))
  }

  post(path: string, form: Record<string, string> = {}): Promise<Page> {
    return this.follow(new URL(path, this.home), form)
  }

  /** The `Cookie` header for the application. */
  cookies(): string {
    return this.cookiesOf(this.home)
  }

  /** Deletes the cookies of another site. */
  forget(site: string): void {
    this.jars.delete(site)
  }

  /** The target of one redirect, which is not followed. */
  async redirect(address: URL | string, form?: Record<string, string>): Promise<URL> {
    const url = new URL(address, this.home)
    const response = await this.send(url, form)
    await response.text()
    const location = response.headers.get('location')
    if (location === null) throw new Error(`${url.href} answered ${response.status} without a redirect`)
    return new URL(location, url)
  }

  private async follow(start: URL, form?: Record<string, string>): Promise<Page> {
    let url = start
    let response = await this.send(url, form)
    for (let hops = 0; hops < 10; hops++) {
      const text = await response.text()
      const location = response.headers.get('location')
      if (location === null) return { url: url.href, status: response.status, text }
      url = new URL(location, url)
      response = await this.send(url)
    }
    throw new Error(`${start.href} redirects in a loop`)
  }

  private async send(url: URL, form?: Record<string, string>): Promise<Response> {
    const response = await fetch(url, {
      redirect: 'manual',
      headers: { 'User-Agent': BROWSER, Cookie: this.cookiesOf(url.origin) },
      ...(form && { method: 'POST', body: new URLSearchParams(form) }),
    })
    for (const cookie of response.headers.getSetCookie()) this.keep(url.origin, cookie)
    return response
  }

  private cookiesOf(origin: string): string {
    return [...(this.jars.get(origin) ?? [])].map(([name, value]) => `${name}=${value}`).join('; ')
  }

  /** Ignores paths: no name is used twice here. */
  private keep(origin: string, cookie: string): void {
    const [pair = ''] = cookie.split(';')
    const split = pair.indexOf('=')
    const [name, value] = [pair.slice(0, split), pair.slice(split + 1)]
    const jar = this.jars.get(origin) ?? new Map<string, string>()
    if (value === '') jar.delete(name)
    else jar.set(name, value)
    this.jars.set(origin, jar)
  }
}
