import escapeHtml from 'escape-html'

/** Text that is HTML already; only {@link html} makes it. */
export class Html {
  constructor(readonly text: string) {}
}

type Part = Html | string | number | false | undefined | readonly Part[]

/** A template whose every value is escaped, unless it is {@link Html}; `false` and `undefined` say nothing. */
export function html(strings: TemplateStringsArray, ...parts: readonly Part[]): Html {
  return new Html(strings.map((text, place) => text + written(parts[place])).join(''))
}

/** A name or an address inside a sentence of either direction: between the characters FSI and PDI (UAX #9). */
export function isolate(text: string): string {
  return `\u2068${text}\u2069`
}

/** A text for people, in which what is isolated is marked up: browsers advise `bdi` instead of the characters. */
export function textHtml(text: string): Html {
  return new Html(escapeHtml(text).replace(/\u2068([^\u2068\u2069]*)\u2069/g, '<bdi>$1</bdi>'))
}

function written(part: Part): string {
  if (part === undefined || part === false) return ''
  if (part instanceof Html) return part.text
  if (typeof part === 'object') return part.map(written).join('')
  return escapeHtml(String(part))
}
