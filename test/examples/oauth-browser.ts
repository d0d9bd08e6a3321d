import { BROWSER } from '../support/application.js'

/** What a browser shows in the end, after it has followed all redirects. */
export interface Page {
  readonly url: string
  readonly status: number
  readonly text: string
}

/** A browser with a cookie jar for each site, as two sites need it that send people to each other. */
export class Browser {
  private readonly jars = new Map<string, Map<string, string>>()

  /** @param session continues somebody's session, by the cookies that `cookiesOf` gave */
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

  /** The cookies of the site at home, as its requests bear them. */
  cookies(): string {
    return this.cookiesOf(this.home)
  }

  /** Ends what another site knows of this browser. */
  forget(site: string): void {
    this.jars.delete(site)
  }

  /** Where one answer sends the browser, which does not go there yet. */
  async redirect(address: URL | string, form?: Record<string, string>): Promise<URL> {
    const url = new URL(address, this.home)
    const response = await this.send(url, form)
    await response.text()
    const location = response.headers.get('location')
    if (location === null) throw new Error(`${url.href} answered ${response.status} and led nowhere`)
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
    throw new Error(`${start.href} sends people round in circles`)
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

  /** Paths are left out of account: nobody here uses one name twice. */
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
