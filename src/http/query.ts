/** One `name=value` of a query string, as it was written. */
interface Parameter {
  readonly raw: string
  readonly name: string
  readonly value: string
}

interface Parts {
  readonly path: string
  readonly parameters: readonly Parameter[]
  readonly fragment: string
}

/**
 * The values of one query parameter, read from the address itself: what `req.query` makes of repeated, bracketed and
 * nested parameters depends on the Express version and on the application's parser. A bracketed one (`name[]=…`,
 * `name[a]=…`) counts as bearing the parameter, with `undefined` for a value.
 */
export function queryValues(url: string, name: string): (string | undefined)[] {
  if (!url.includes('?')) return []
  return split(url)
    .parameters.filter((parameter) => bears(parameter, name))
    .map((parameter) => (parameter.name === name ? parameter.value : undefined))
}

/** The same address without a parameter; everything else stays, to the byte. */
export function withoutQuery(url: string, name: string): string {
  const { path, parameters, fragment } = split(url)
  return join(
    path,
    parameters.filter((parameter) => !bears(parameter, name)).map(({ raw }) => raw),
    fragment,
  )
}

/** The same address with one parameter set: in the place of its first occurrence, else at the end of the query. */
export function withQuery(url: string, name: string, value: string): string {
  const { path, parameters, fragment } = split(url)
  const own = `${encodeURIComponent(name)}=${encodeURIComponent(value)}`
  const first = parameters.findIndex((parameter) => bears(parameter, name))
  const place = first === -1 ? parameters.length : first
  const before = parameters.slice(0, place)
  const after = parameters.slice(place).filter((parameter) => !bears(parameter, name))
  return join(path, [...before.map(({ raw }) => raw), own, ...after.map(({ raw }) => raw)], fragment)
}

function bears(parameter: Parameter, name: string): boolean {
  return parameter.name === name || parameter.name.startsWith(`${name}[`)
}

function split(url: string): Parts {
  const hash = url.indexOf('#')
  const fragment = hash === -1 ? '' : url.slice(hash)
  const address = hash === -1 ? url : url.slice(0, hash)
  const start = address.indexOf('?')
  if (start === -1) return { path: address, parameters: [], fragment }
  const query = address.slice(start + 1)
  return {
    path: address.slice(0, start),
    parameters: query === '' ? [] : query.split('&').map(parse),
    fragment,
  }
}

function parse(raw: string): Parameter {
  const equals = raw.indexOf('=')
  return {
    raw,
    name: decode(equals === -1 ? raw : raw.slice(0, equals)),
    value: equals === -1 ? '' : decode(raw.slice(equals + 1)),
  }
}

function decode(text: string): string {
  if (!/[%+]/.test(text)) return text
  const spaced = text.replaceAll('+', ' ')
  try {
    return decodeURIComponent(spaced)
  } catch {
    return spaced
  }
}

function join(path: string, parameters: readonly string[], fragment: string): string {
  return parameters.length === 0 ? path + fragment : `${path}?${parameters.join('&')}${fragment}`
}
