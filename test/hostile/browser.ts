import { ACCOUNTS, BASE_URL, BROWSER, FAILING_MAILBOX, HOST, PASSWORD } from './agreement.js'
import { headerOf, headersOf, type Answer } from './connection.js'
import type { Mail } from './application.js'
import type { Random } from './random.js'
import type { Pair, Shot } from './shot.js'

/** A form of a page, with what it has in its fields. */
interface Form {
  readonly method: string
  readonly action: string
  readonly fields: readonly Pair[]
  readonly boxes: readonly Pair[]
  readonly buttons: readonly Pair[]
}

const PLACES = [
  '/', '/play', '/play', '/mine', '/settings', '/reference', '/interview', '/any', '/terms', '/login', '/logout', '/leave', '/end',
  '/visitor', '/visitor/sent', '/visitor/code', '/convert', '/convert/sent', '/convert/code', '/convert/verify', '/convert/success',
  '/quick', '/quick/success', '/admin', '/admin/passes', '/admin/passes/invite', '/admin/passes/1', '/admin/guests', '/admin/guests/25',
  '/admin/visits', '/admin/visits.csv', '/admin/cleanup?count=yes', '/admin/doctor', '/nowhere',
] as const // prettier-ignore

/** A person's browser as far as forms, links and cookies go: it fills in the forms of the pages that it gets. */
export class Browser {
  readonly cookies = new Map<string, string>()
  /** The mailbox that this browser's forms name. */
  readonly mailbox: string
  private readonly name: string
  /** Links that came by mail, and the code of the newest message. */
  private links: string[] = []
  private code: string | undefined
  private forms: readonly Form[] = []
  private anchors: readonly string[] = []
  private redirect: string | undefined
  private earlier: Shot | undefined
  private readonly address: string

  /** @param id of the case: no other case shares its names */
  constructor(
    private readonly random: Random,
    id: number,
    private readonly isOperator: boolean,
  ) {
    this.name = `person-${String(id)}`
    this.mailbox = `${random.chance(0.06) ? FAILING_MAILBOX : 'box'}-${String(id)}@mail.test`
    this.address = `10.${String(1 + random.below(50))}.${String(random.below(256))}.${String(random.below(256))}`
  }

  /** A request that a person could make now. */
  next(): Shot {
    const { random } = this
    const { redirect, earlier } = this
    this.redirect = undefined
    if (redirect !== undefined && random.chance(0.85)) return this.open(redirect)
    const way = random.weighted({
      form: this.forms.length > 0 ? 12 : 0,
      anchor: this.anchors.length > 0 ? 2 : 0,
      mail: this.links.length > 0 ? 3 : 0,
      again: earlier === undefined ? 0 : 1,
      login: this.cookies.size > 0 ? 0.4 : 0.1,
      place: 2,
    })
    switch (way) {
      case 'form':
        return this.fill(random.pick(this.forms))
      case 'anchor':
        return this.open(random.pick(this.anchors))
      case 'mail':
        return this.open(random.pick(this.links))
      case 'again':
        return { ...(earlier ?? this.open('/')), headers: this.headers(), wrong: [] }
      case 'login':
        return this.logIn(random.pick(ACCOUNTS.slice(2)))
      case 'place':
        return this.open(
          random.pick(this.isOperator ? PLACES.filter((place) => place.startsWith('/admin')) : PLACES),
        )
    }
  }

  open(address: string): Shot {
    const { pathname, search } = parts(address)
    const shot = {
      method: 'GET',
      path: pathname,
      query: queryOf(search),
      headers: this.headers(),
      form: undefined,
      body: undefined,
      spoil: undefined,
      wrong: [],
    }
    this.earlier = shot
    return shot
  }

  logIn(username: string): Shot {
    return this.post('/login', [
      ['username', username],
      ['password', PASSWORD],
    ])
  }

  /** Has a mail in its mailbox. */
  receive({ link, code }: Mail): void {
    if (link !== undefined) this.links = [...this.links, link].slice(-4)
    if (code !== undefined) this.code = code
  }

  /** Takes cookies, forms and links from an answer. */
  learn(answer: Answer): void {
    for (const cookie of headersOf(answer, 'set-cookie')) {
      const [pair = ''] = cookie.split(';', 1)
      const [name = '', value = ''] = pair.split('=', 2)
      if (value === '' || /expires=Thu, 01 Jan 1970/i.test(cookie)) this.cookies.delete(name)
      else this.cookies.set(name, value)
    }
    const location = headerOf(answer, 'location')
    if (location !== undefined) this.redirect = location
    if (!(headerOf(answer, 'content-type') ?? '').includes('html')) return
    const forms = formsOf(answer.body)
    if (forms.length === 0 && this.random.chance(0.7)) return // goes back to the form
    this.forms = forms
    this.anchors = [...answer.body.matchAll(/<a [^>]*href="([^"]*)"/g)]
      .map(([, href = '']) => unescape(href))
      .filter((href) => isOurs(href))
  }

  private fill({ method, action, fields, boxes, buttons }: Form): Shot {
    const { random } = this
    const filled = [
      ...fields.map(([name, value]): Pair => [name, this.valueFor(name, value)]),
      ...boxes.filter(() => random.chance(0.6)),
      ...(buttons.length === 0 ? [] : [random.pick(buttons)]),
    ]
    if (method === 'post') return this.post(action, filled)
    const shot = this.open(action)
    return {
      ...shot,
      query: filled.map(([name, value]) => [encodeURIComponent(name), encodeURIComponent(value)]),
    }
  }

  private post(action: string, form: Pair[]): Shot {
    const shot = { ...this.open(action), method: 'POST', form }
    shot.headers.push(['Origin', BASE_URL])
    this.earlier = shot
    return shot
  }

  /** What a person types into a field of this name. */
  private valueFor(name: string, value: string): string {
    const { random } = this
    switch (name) {
      case 'email':
        return random.chance(0.1) ? `${random.pick(ACCOUNTS)}@mail.test` : this.mailbox
      case 'username':
        return random.chance(0.1) ? random.pick(ACCOUNTS) : `${this.name}-${String(random.below(3))}`
      case 'password':
      case 'passwordAgain':
        return 'voile crayon 47 tunnel'
      case 'firstName':
      case 'lastName':
        return random.pick(['Ann', 'Zoë', "O'Neil", '李'])
      case 'code':
        return this.code !== undefined && random.chance(0.7)
          ? this.code
          : String(10_000_000 + random.below(89_999_999))
      case 'scope':
        return 'REFERENCE'
      case 'days':
        return String(1 + random.below(40))
      case 'maxUses':
        return random.pick(['', '3'])
      case 'q':
        return random.pick(['', 'box', '1', this.mailbox, 'person'])
      case 'from':
      case 'to':
        return random.pick(['', '2026-01-01', new Date().toISOString().slice(0, 10)])
      default:
        return value
    }
  }

  private headers(): Pair[] {
    return [
      ['Host', HOST],
      ['X-Forwarded-For', this.address],
      ['User-Agent', BROWSER],
      ['Accept', 'text/html,application/xhtml+xml,*/*;q=0.8'],
      ...(this.cookies.size === 0
        ? []
        : [['Cookie', [...this.cookies].map((pair) => pair.join('=')).join('; ')] satisfies Pair]),
    ]
  }
}

/** The path and query of an address of this site, as they are written. */
function parts(address: string): { readonly pathname: string; readonly search: string } {
  const [, pathname = '/', search = ''] = /^(?:https?:\/\/[^/?#]*)?([^?#]*)\??([^#]*)/.exec(address) ?? []
  return { pathname: pathname === '' ? '/' : pathname, search }
}

export function queryOf(search: string): Pair[] {
  return search === ''
    ? []
    : search.split('&').map((pair): Pair => {
        const [name = '', value = ''] = pair.split(/=(.*)/s, 2)
        return [name, value]
      })
}

function isOurs(address: string): boolean {
  return URL.canParse(address, BASE_URL) && new URL(address, BASE_URL).host === HOST
}

function formsOf(body: string): Form[] {
  return [...body.matchAll(/<form([^>]*)>(.*?)<\/form>/gs)].map(([, head = '', content = '']) => {
    const inputs = [...content.matchAll(/<input([^>]*)>/gs)].map(([, input = '']) => input)
    const isBox = (input: string): boolean => /type="(?:checkbox|radio)"/.test(input)
    const pair = (input: string): Pair => [attribute(input, 'name'), attribute(input, 'value')]
    const selects = [...content.matchAll(/<select([^>]*)>(.*?)<\/select>/gs)].map(
      ([, select = '', options = '']): Pair => {
        const values = [...options.matchAll(/<option([^>]*)>/g)].map(([, option = '']) =>
          attribute(option, 'value'),
        )
        return [attribute(select, 'name'), values.at(-1) ?? '']
      },
    )
    return {
      method: attribute(head, 'method') || 'get',
      action: attribute(head, 'action'),
      fields: [...inputs.filter((input) => !isBox(input)).map(pair), ...selects].filter(
        ([name]) => name !== '',
      ),
      boxes: inputs.filter(isBox).map(pair),
      buttons: [...content.matchAll(/<button([^>]*)>/g)]
        .map(([, button = '']) => pair(button))
        .filter(([name]) => name !== ''),
    }
  })
}

function attribute(tag: string, name: string): string {
  return unescape(new RegExp(`\\b${name}="([^"]*)"`).exec(tag)?.[1] ?? '')
}

function unescape(text: string): string {
  return text
    .replaceAll('&quot;', '"')
    .replaceAll('&#39;', "'")
    .replaceAll('&lt;', '<')
    .replaceAll('&gt;', '>')
    .replaceAll('&amp;', '&')
}
