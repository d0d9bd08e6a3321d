/** A request in parts, each of which can be made wrong before it is written to a socket. */
export interface Shot {
  method: string
  /** As it stands on the request line. */
  path: string
  /** Names and values as they stand in the address. */
  query: Pair[]
  headers: Pair[]
  /** A form, not encoded yet; `undefined`: there is no body. */
  form: Pair[] | undefined
  /** The body, in place of the form. */
  body: Buffer | undefined
  /** What is done to the whole of it, as bytes. */
  spoil: ((bytes: Buffer) => Buffer) | undefined
  /** What was made wrong, for the report. */
  wrong: string[]
}

export type Pair = [name: string, value: string]

export function targetOf({ path, query }: Pick<Shot, 'path' | 'query'>): string {
  return path + (query.length === 0 ? '' : `?${query.map(([name, value]) => `${name}=${value}`).join('&')}`)
}

export function bytesOf(shot: Shot): Buffer {
  const body = shot.body ?? (shot.form === undefined ? undefined : Buffer.from(encodeForm(shot.form)))
  const headers: Pair[] = [...shot.headers]
  const has = (name: string): boolean => headers.some(([each]) => each.toLowerCase() === name)
  if (body !== undefined && !has('content-type'))
    headers.push(['Content-Type', 'application/x-www-form-urlencoded'])
  if (body !== undefined && !has('content-length') && !has('transfer-encoding'))
    headers.push(['Content-Length', String(body.length)])
  const lines = headers.map(([name, value]) => `${name}: ${value}\r\n`).join('')
  const head = Buffer.from(`${shot.method} ${targetOf(shot)} HTTP/1.1\r\n${lines}\r\n`)
  const bytes = Buffer.concat([head, body ?? Buffer.alloc(0)])
  return shot.spoil?.(bytes) ?? bytes
}

export function encodeForm(pairs: readonly Pair[]): string {
  return pairs.map((pair) => pair.map(encode).join('=')).join('&')
}

/** As forms encode it; half of a surrogate pair, which no form has, becomes its bytes in CESU-8. */
export function encode(text: string): string {
  try {
    return encodeURIComponent(text)
  } catch {
    return Array.from(text, (char) => (char.isWellFormed() ? encodeURIComponent(char) : '%ED%A0%80')).join('')
  }
}
