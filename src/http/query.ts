/** An address in parts, each as it was written. */
interface Address {
  readonly path: string
  /** The `name=value` of the query. */
  readonly parameters: readonly string[]
  readonly fragment: string
}

/**
 * The values of one query parameter, read from the address itself: what `req.query` makes of repeated, bracketed and
 * nested parameters depends on the Express version and on the application's parser. A bracketed one (`name[]=…`,
 * `name[a]=…`) counts as bearing the parameter, with `undefined` for a value. So do the spellings of programs that escape
 * a link once too often: `amp;name=…` and `name%3D…`; or change its case, or break it: `NAME=…`, `%20name=…`.
 */
export function queryValues(url: string, name: string): (string | undefined)[] {
  return split(url)
    .parameters.filter((parameter) => bears(parameter, name))
    .map((parameter) => {
      const [own, value = ''] = decodedParts(parameter)
      return isSame(own, name) ? value : undefined
    })
}

/** The same address without a parameter; everything else stays, to the byte. */
export function withoutQuery(url: string, name: string): string {
  return replace(url, name)
}

/** The same address with one parameter set: in the place of its first occurrence, else at the end of the query. */
export function withQuery(url: string, name: string, value: string): string {
  return replace(url, name, `${encodeURIComponent(name)}=${encodeURIComponent(value)}`)
}

function replace(url: string, name: string, ...replacement: readonly string[]): string {
  const { path, parameters, fragment } = split(url)
  const first = parameters.findIndex((parameter) => bears(parameter, name))
  const others = parameters.filter((parameter) => !bears(parameter, name))
  const all = others.toSpliced(first === -1 ? others.length : first, 0, ...replacement)
  return path + (all.length === 0 ? '' : `?${all.join('&')}`) + fragment
}

function split(url: string): Address {
  const [, path = '', query = '', fragment = ''] = /^([^?#]*)\??([^#]*)(.*)$/s.exec(url) ?? []
  return { path, parameters: query === '' ? [] : query.split('&'), fragment }
}

function bears(parameter: string, name: string): boolean {
  const [own = ''] = decodedParts(parameter)
  return isSame(own, name) || own.toLowerCase().startsWith(`${name.toLowerCase()}[`)
}

function isSame(own = '', name: string): boolean {
  return own.toLowerCase() === name.toLowerCase()
}

/** The name and the value, as forms encode them, in whichever spelling. */
function decodedParts(parameter: string): string[] {
  const plain = parameter.replace(/^(?:amp;|;|%20|\+)+/i, '')
  const [name = '', ...value] = plain.split(/(?:=|%3d)(.*)/is, 2).map((part) => {
    const spaced = part.replaceAll('+', ' ')
    try {
      return decodeURIComponent(spaced)
    } catch {
      return spaced
    }
  })
  return [name.trim(), ...value]
}
