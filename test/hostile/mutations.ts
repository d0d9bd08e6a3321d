import { gzipSync } from 'node:zlib'
import { BASE_URL, FAILING_CLIENT } from './agreement.js'
import { redactTokens } from '../../src/index.js'
import type { Random } from './random.js'
import { encode, encodeForm, targetOf, type Pair, type Shot } from './shot.js'
import { FOREIGN_HOST, hostileName, hostileText, MARK } from './texts.js'

/** Makes one thing of a request wrong. Returns what, for the report; `undefined` if the request has no such part. */
type Mutation = (shot: Shot, random: Random) => string | undefined

/** Whether a parameter bears a token: it may be spelt in many ways, but never so that a log's `redactTokens` could not know it. */
const bearsToken = (name: string): boolean => redactTokens(`?${name}=x`) !== `?${name}=x`

/** Every way, with how often it comes. */
const mutations: Readonly<Record<string, readonly [weight: number, mutate: Mutation]>> = {
  'query value': [6, (shot, random) => spoilValue(shot.query, random, encode)],
  'query name': [2, spoilQueryName],
  'query parameters': [2, (shot, random) => spoilList(shot.query, random)],
  'more in the query': [2, addToQuery],
  path: [2, spoilPath],
  method: [1.5, spoilMethod],
  'form value': [18, (shot, random) => shot.form && spoilValue(shot.form, random, (text) => text)],
  'form name': [2, (shot, random) => shot.form && spoilName(shot.form, random)],
  'form fields': [2, (shot, random) => shot.form && spoilList(shot.form, random)],
  body: [3, spoilBody],
  origin: [2.5, spoilOrigin],
  cookies: [4, spoilCookies],
  header: [5, spoilHeader],
  captcha: [0.6, (shot, random) => set(shot, 'X-Captcha', random.pick(['wrong', 'throws']))],
  'failing limiter': [0.4, (shot) => set(shot, 'X-Forwarded-For', FAILING_CLIENT)],
  'parsed early': [1, (shot) => set(shot, 'X-Parse', 'early')],
  bytes: [1, spoilBytes],
}

const weights = Object.fromEntries(Object.entries(mutations).map(([name, [weight]]) => [name, weight]))

/** A copy in which one thing is wrong, sometimes two, or nothing. */
export function spoil(valid: Shot, random: Random): Shot {
  const shot: Shot = {
    ...valid,
    query: copy(valid.query),
    headers: copy(valid.headers),
    form: valid.form && copy(valid.form),
    wrong: [],
  }
  const times = Number(random.weighted({ 0: 4, 1: 5, 2: 1.5 }))
  while (shot.wrong.length < times) {
    const name = random.weighted(weights)
    const what = mutations[name]?.[1](shot, random)
    if (what !== undefined) shot.wrong.push(`${name}: ${what.slice(0, 60)}`)
  }
  return shot
}

const copy = (pairs: readonly Pair[]): Pair[] => pairs.map(([name, value]) => [name, value])

function spoilValue(pairs: Pair[], random: Random, encoded: (text: string) => string): string | undefined {
  if (pairs.length === 0) return undefined
  const at = random.below(pairs.length)
  const [name, value] = pairs[at] ?? ['', '']
  const text = random.chance(0.75) ? encoded(hostileText(random)) : altered(value, random)
  pairs[at] = [name, text]
  return `${name}=${text}`
}

/** The same value, but for a little: a signature or a token with another character, cut, longer, or in mail programs' spellings. */
function altered(value: string, random: Random): string {
  const at = random.below(value.length + 1)
  switch (random.weighted({ flip: 3, cut: 1, longer: 1, upper: 1, mail: 2, twice: 1 })) {
    case 'flip':
      return value.slice(0, at) + random.pick(['0', 'A', '-', '.', '%00', '=']) + value.slice(at + 1)
    case 'cut':
      return value.slice(0, at)
    case 'longer':
      return value + random.hex(1 + random.below(8))
    case 'upper':
      return value.toUpperCase()
    case 'mail':
      return random.pick([
        `3D${value}`,
        `${value}.`,
        `(${value})`,
        `${value}&amp;x=1`,
        `${value.slice(0, at)}=%0D%0A${value.slice(at)}`,
      ])
    case 'twice':
      return value + value
  }
}

function spoilQueryName({ query }: Shot, random: Random): string | undefined {
  const at = random.below(query.length)
  const pair = query[at]
  if (pair === undefined) return undefined
  const [name, value] = pair
  const spellings = [
    `${name}[]`,
    `${name}[a]`,
    `${name}%5B%5D`,
    `amp;${name}`,
    name.toUpperCase(),
    `%${name.charCodeAt(0).toString(16)}${name.slice(1)}`,
  ]
  const names = bearsToken(name)
    ? spellings
    : [...spellings, hostileName(random), `__proto__[${name}]`, encode(hostileText(random))]
  query[at] = [random.pick(names), value]
  return query[at][0]
}

function spoilName(pairs: Pair[], random: Random): string | undefined {
  const at = random.below(pairs.length)
  const pair = pairs[at]
  if (pair === undefined) return undefined
  const [name, value] = pair
  pairs[at] = [
    random.pick([
      `${name}[]`,
      `${name}[$ne]`,
      `${name}[0][a]`,
      hostileName(random),
      `__proto__[${name}]`,
      `constructor[prototype][${name}]`,
      hostileText(random),
      name.toUpperCase(),
      ` ${name}`,
    ]),
    value,
  ]
  return pairs[at][0]
}

/** One is missing, comes twice or in another place, or is joined by many. */
function spoilList(pairs: Pair[], random: Random): string | undefined {
  const at = random.below(pairs.length)
  const pair = pairs[at]
  if (pair === undefined) return undefined
  const way = random.weighted({ without: 3, twice: 3, swapped: 1, many: 0.5 })
  if (way === 'without') pairs.splice(at, 1)
  else if (way === 'twice') pairs.push([pair[0], random.chance(0.5) ? pair[1] : altered(pair[1], random)])
  else if (way === 'swapped') pairs.reverse()
  else for (let n = 0; n < 1200; n++) pairs.push(['x', '1'])
  return `${way} ${pair[0]}`
}

const PARAMETERS = [
  'vuid',
  'token',
  'next',
  'fresh-link',
  'pass-request',
  'confirm',
  'after',
  'q',
  'state',
  'days',
  'count',
  'outcome',
  'pass',
  'done',
  'lang',
  'confirm[]',
  '__proto__[x]',
  'a[b][c][d][e][f][g][h]',
]

function addToQuery({ query }: Shot, random: Random): string {
  const name = random.pick(PARAMETERS)
  const value = encode(hostileText(random))
  query.push([name, value])
  return `${name}=${value}`
}

function spoilPath(shot: Shot, random: Random): string {
  const segments = shot.path.split('/')
  const at = random.below(segments.length)
  const text = random.chance(0.6)
    ? encode(hostileText(random))
    : random.pick(['..', '.', '%', '%2e%2e', '%zz', '', '%00', '*', ';a=b'])
  if (random.chance(0.7)) segments[at] = text
  else segments.splice(at, 0, text)
  shot.path =
    random.pick([
      '',
      '',
      '',
      '',
      '/',
      '//',
      `//${FOREIGN_HOST}`,
      `http://${FOREIGN_HOST}`,
      `/\\${FOREIGN_HOST}`,
    ]) + segments.join('/')
  if (shot.path === '') shot.path = '/'
  return shot.path
}

function spoilMethod(shot: Shot, random: Random): string {
  shot.method = random.pick([
    'GET',
    'HEAD',
    'OPTIONS',
    'POST',
    'PUT',
    'PATCH',
    'DELETE',
    'TRACE',
    'PROPFIND',
    'QUERY',
    'CONNECT',
  ])
  return shot.method
}

/** A form in another encoding, or with values of other types. */
function spoilBody(shot: Shot, random: Random): string | undefined {
  const { form } = shot
  if (form === undefined) return undefined
  const way = random.weighted({
    json: 4,
    multipart: 1,
    text: 1,
    charset: 1,
    encoding: 1.5,
    deep: 1,
    huge: 0.5,
    none: 1,
    noise: 1,
  })
  const send = (type: string, body: Buffer | string, more: readonly Pair[] = []): void => {
    shot.body = Buffer.from(body)
    shot.headers.push(['Content-Type', type], ...more)
  }
  const formType = 'application/x-www-form-urlencoded'
  switch (way) {
    case 'json':
      if (random.chance(0.8)) set(shot, 'X-Parse', 'early')
      send('application/json', wrongJson(form, random))
      break
    case 'multipart': {
      const part = ([name, value]: Pair): string =>
        `--b\r\nContent-Disposition: form-data; name="${name}"\r\n\r\n${value}\r\n`
      send('multipart/form-data; boundary=b', `${form.map(part).join('')}--b--\r\n`)
      break
    }
    case 'text':
      send(
        random.pick(['text/plain', 'application/xml', '', '*/*', `${formType}, text/html`]),
        encodeForm(form),
      )
      break
    case 'charset':
      send(
        `${formType}; charset=${random.pick(['utf-7', 'utf-16', 'iso-8859-1', '""', 'x'.repeat(500)])}`,
        encodeForm(form),
      )
      break
    case 'encoding': {
      const body = random.pick([
        gzipSync(encodeForm(form)),
        gzipSync(Buffer.alloc(3_000_000, 97)),
        Buffer.from('no gzip'),
        gzipSync('a=b').subarray(0, 12),
      ])
      send(formType, body, [
        ['Content-Encoding', random.pick(['gzip', 'gzip', 'deflate', 'br', 'identity', 'x'])],
      ])
      break
    }
    case 'deep':
      set(shot, 'X-Parse', 'early')
      send(formType, `${encodeForm(form)}&email${'[a]'.repeat(random.pick([5, 40, 900]))}=x`)
      break
    case 'huge':
      send(formType, `${encodeForm(form)}&x=${'x'.repeat(random.pick([33_000, 120_000, 400_000]))}`)
      break
    case 'none':
      shot.form = undefined
      break
    case 'noise':
      send(formType, Buffer.from(Array.from({ length: 1 + random.below(200) }, () => random.below(256))))
  }
  return way
}

function wrongJson(form: readonly Pair[], random: Random): string {
  const value = random.pick([
    'null',
    'true',
    '-1e999',
    '[]',
    '{}',
    '[[["a"]]]',
    '{"$ne":1}',
    '{"toString":1}',
    '{"__proto__":{"x":1}}',
    '["a","b"]',
    '"\\u0000"',
    '"\\ud800"',
    '{"length":1e9}',
  ])
  const wrong = random.below(form.length)
  const members = form.map(
    ([name, text], at) => `${JSON.stringify(name)}:${at === wrong ? value : JSON.stringify(text)}`,
  )
  return random.pick([
    `{${members.join()}}`,
    `{${members.join()}}`,
    `{${members.join()}}`,
    `{"__proto__":{${members.join()}}}`,
    `[${members.join()}]`,
    value,
    `{${members.join()}`,
    '['.repeat(20_000),
  ])
}

function spoilOrigin(shot: Shot, random: Random): string {
  const site = random.pick([
    'cross-site',
    'cross-site',
    'cross-site',
    'same-site',
    'none',
    'same-origin',
    hostileName(random),
  ])
  if (random.chance(0.5)) {
    set(shot, 'Sec-Fetch-Site', site)
    set(shot, 'Sec-Fetch-Mode', random.pick(['navigate', 'navigate', 'cors', 'no-cors', 'websocket', MARK]))
    if (site === 'cross-site' && random.chance(0.8))
      set(shot, 'Origin', random.pick([`https://${FOREIGN_HOST}`, 'null']))
    set(shot, 'Sec-Fetch-Dest', random.pick(['document', 'document', 'iframe', 'image', 'empty', MARK]))
    return site
  }
  const origin = random.pick([
    `https://${FOREIGN_HOST}`,
    'null',
    `${BASE_URL}.${FOREIGN_HOST}`,
    `${BASE_URL}:81`,
    'file://',
    '',
    `${BASE_URL}, ${BASE_URL}`,
    encode(hostileText(random)),
  ])
  set(shot, 'Origin', origin)
  return origin
}

function spoilCookies(shot: Shot, random: Random): string {
  const header = shot.headers.find(([name]) => name === 'Cookie')
  const cookies = (header?.[1] ?? '').split('; ').filter((pair) => pair !== '')
  const at = random.below(cookies.length)
  const [name = 'connect.sid', value = ''] = (cookies[at] ?? '').split(/=(.*)/s, 2)
  const way = random.weighted({ altered: 4, without: 2, hostile: 3, twice: 2, more: 2, raw: 1 })
  if (way === 'without') cookies.splice(at, 1)
  else if (way === 'more')
    cookies.push(
      `${random.pick(['visitor-binding', 'visitor-confirmation', 'guest-code', 'no-guest', 'connect.sid', '__proto__', 'constructor'])}=${encode(hostileText(random))}`,
    )
  else if (way === 'raw')
    cookies.push(
      random.pick([
        '=',
        ';;;',
        'a',
        '=b',
        'a=b=c',
        '"',
        'connect.sid="',
        'x='.repeat(800),
        'connect.sid=s%3Aa.b',
        'connect.sid=j%3A%7B%7D',
        'é=ü',
      ]),
    )
  else if (way === 'hostile')
    cookies[at] = `${name}=${random.pick(['', 's%3A'])}${encode(hostileText(random))}`
  else if (way === 'twice') cookies.unshift(`${name}=${altered(value, random)}`)
  else cookies[at] = `${name}=${altered(value, random).replaceAll(/[;\r\n]/g, '')}`
  set(shot, 'Cookie', cookies.join('; '))
  return `${way} ${name}`
}

const BOTS = ['', 'curl/8.0', 'Googlebot/2.1', 'Slackbot-LinkExpanding 1.0', 'ms-office; MSOffice 16']

/** Headers that the package, Express or Node reads, with values that they may not expect. */
const HEADERS: Readonly<Record<string, readonly string[]>> = {
  Host: [FOREIGN_HOST, '', 'a b', '[::1', `${FOREIGN_HOST}:99999`, `<${MARK}>`, `x@${FOREIGN_HOST}`],
  'X-Forwarded-Host': [FOREIGN_HOST, `${FOREIGN_HOST}, b`, `<${MARK}>`, ''],
  'X-Forwarded-Proto': ['https', 'javascript', `https, ${MARK}`, ''],
  'X-Forwarded-Prefix': ['/app', `//${FOREIGN_HOST}`, '/..', `/<${MARK}>`, '/a'.repeat(900)],
  'X-Forwarded-For': [
    '::1',
    '::ffff:10.0.0.1',
    'fe80::1%eth0',
    '10.0.0.1:8080',
    '[2001:db8::1]:443',
    'unknown',
    '1, 2, 3',
    '::',
    '64:ff9b::1.2.3.4',
    'a'.repeat(500),
    ',,,',
    '2001:db8::1, ::ffff:0:0',
  ],
  'User-Agent': [
    ...BOTS,
    ...BOTS,
    'x'.repeat(3000),
    'Mozilla/5.0 \u0001\u0002',
    `<${MARK}>`,
    'Mozilla/5.0 é',
  ],
  Accept: [
    '*/*',
    'application/json',
    'text/html;q=0',
    'application/problem+json',
    ',;=',
    'text/html;q=2;level=x',
    'a/'.repeat(900),
    '',
  ],
  'Accept-Language': [
    'de-DE,de;q=0.9',
    'ar',
    '*',
    'xx',
    ';q=',
    `en-${'x'.repeat(2000)}`,
    '__proto__',
    'constructor',
    '',
  ],
  'Accept-Encoding': ['gzip, br', 'identity;q=0', ''],
  Referer: [
    `https://${FOREIGN_HOST}/`,
    'no address',
    `http://user:secret@${FOREIGN_HOST}/?a`,
    `javascript:${MARK}`,
    'http://[',
    'x'.repeat(3000),
  ],
  Purpose: ['prefetch', MARK],
  'Sec-Purpose': ['prefetch;prerender', 'x'],
  Expect: ['100-continue', MARK],
  Upgrade: ['websocket', 'h2c'],
  Connection: ['close', 'upgrade', 'x-captcha', MARK],
  Range: ['bytes=0-1', 'bytes=9-1', MARK],
  'If-None-Match': ['*', 'W/"x"'],
  'If-Modified-Since': ['Fri, 27 Nov 2037 00:00:00 GMT', MARK],
  Authorization: ['Basic Og==', 'Bearer null', MARK],
  'X-HTTP-Method-Override': ['DELETE', 'POST'],
  'X-Requested-With': ['XMLHttpRequest'],
  'Content-Type': ['', MARK, 'application/json; charset=x', 'multipart/form-data'],
  __proto__: ['x'],
  constructor: ['x'],
}

function spoilHeader(shot: Shot, random: Random): string {
  const name = random.pick(Object.getOwnPropertyNames(HEADERS))
  const value = random.chance(0.8)
    ? random.pick(HEADERS[name] ?? [''])
    : hostileText(random).replaceAll(/[\r\n\0]/g, ' ')
  if (random.chance(0.05)) for (let n = 0; n < 200; n++) shot.headers.push([`X-Many-${String(n)}`, 'x'])
  // The address of this request bears a token, perhaps: browsers send it on in Referer.
  if (name === 'Referer' && random.chance(0.4)) return set(shot, name, BASE_URL + targetOf(shot))
  const way = random.weighted({ instead: 8, twice: 1, without: 1 })
  if (way === 'instead') set(shot, name, value)
  else if (way === 'twice') shot.headers.push([name, value])
  else shot.headers = shot.headers.filter(([each]) => each !== name)
  return `${name}: ${value}`
}

/** The request is no longer one, or another than its head says. */
function spoilBytes(shot: Shot, random: Random): string {
  const way = random.weighted({
    flip: 3,
    cut: 1,
    lines: 1,
    version: 1,
    length: 3,
    chunks: 2,
    twice: 2,
    noise: 1,
    tls: 0.3,
  })
  const at = random.below(1_000_000) / 1_000_000
  const noise = Array.from({ length: 64 }, () => random.below(256))
  const replaced = (pattern: RegExp, text: string) => (bytes: Buffer) =>
    Buffer.from(bytes.toString('latin1').replace(pattern, text), 'latin1')
  const length = random.pick([
    '-1',
    '0',
    '5',
    '1e3',
    '0x10',
    '99999999999999999999',
    '5, 6',
    '',
    '5\r\nContent-Length: 6',
  ])
  const chunk = random.pick([
    '0',
    '5\r\nab',
    'zz\r\nabc\r\n0',
    '-1\r\na',
    'ffffffffffffffff\r\na',
    '1;x=y\r\na\r\n0',
    '1\r\nabc\r\n0',
  ])
  const spoilers = {
    flip: (bytes) => bytes.with(Math.floor(at * bytes.length), noise[0] ?? 0) as Buffer,
    cut: (bytes) => bytes.subarray(0, Math.floor(at * bytes.length)),
    lines: replaced(/\r\n/g, random.pick(['\n', '\r', '\r\n ', '\r\n\r\n'])),
    version: replaced(
      / HTTP\/1\.1/,
      random.pick([' HTTP/1.0', ' HTTP/0.9', ' HTTP/2.0', '', ' http/1.1', '  HTTP/1.1', ' HTTP/1.1 x']),
    ),
    length: (bytes) =>
      replaced(
        /\r\n\r\n/,
        `\r\nContent-Length: ${length}\r\n\r\n`,
      )(replaced(/\r\nContent-Length: \d+/, '')(bytes)),
    chunks: (bytes) =>
      replaced(
        /\r\n\r\n.*/s,
        `\r\nTransfer-Encoding: ${random.pick(['chunked', 'gzip, chunked', 'chunked, x', 'xchunked'])}\r\n\r\n${chunk}\r\n\r\n`,
      )(replaced(/\r\nContent-Length: \d+/, '')(bytes)),
    twice: (bytes) => Buffer.concat([bytes, bytes]),
    noise: () => Buffer.from(noise),
    tls: () => Buffer.from('16030100f5010000f10303', 'hex'),
  } satisfies Record<typeof way, (bytes: Buffer) => Buffer>
  shot.spoil = (bytes) => Buffer.from(spoilers[way](bytes))
  return way
}

/** Sets a header in place of those of its name. */
function set(shot: Shot, name: string, value: string): string {
  shot.headers = [...shot.headers.filter(([each]) => each !== name), [name, value]]
  return `${name}: ${value}`
}
