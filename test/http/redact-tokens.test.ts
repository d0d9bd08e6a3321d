import assert from 'node:assert/strict'
import { once } from 'node:events'
import { describe, it } from 'node:test'
import { inspect } from 'node:util'
import fc from 'fast-check'
import { describeError, redactQueryKey } from '../../src/http/redact-tokens.js'
import { redactTokens } from '../../src/index.js'
import { warn } from '../../src/warning.js'

const TOKEN = 'a1B2c3D4e5F6g7H8'

/** Percent-escapes every character of a text, `times` times over. */
function escaped(text: string, times = 1): string {
  const once = Array.from(Buffer.from(text), (byte) => `%${byte.toString(16).padStart(2, '0')}`).join('')
  return times <= 1 ? once : escaped(text, 1).replaceAll('%', `%${'25'.repeat(times - 1)}`)
}

describe('redactTokens', () => {
  it('the value of each parameter is replaced, and the rest stays to the byte', () => {
    for (const [address, redacted] of [
      [`/reference?vuid=${TOKEN}`, '/reference?vuid=REDACTED'],
      [`/a%20b?x=%2b&vuid=${TOKEN}&y=+1#end`, '/a%20b?x=%2b&vuid=REDACTED&y=+1#end'],
      [
        `https://example.com:8/a?vuid=${TOKEN}&vuid=${TOKEN}2`,
        'https://example.com:8/a?vuid=REDACTED&vuid=REDACTED',
      ],
      [`/convert/verify?token=${TOKEN}`, '/convert/verify?token=REDACTED'],
      [`/a#vuid=${TOKEN}`, '/a#vuid=REDACTED'],
      ['/a?vuid=', '/a?vuid=REDACTED'],
    ] as const) {
      assert.equal(redactTokens(address), redacted)
    }
  })

  it('an address without a token stays as it is', () => {
    for (const address of [
      '',
      '/',
      '*',
      '/vuid/token?v=uid#token',
      'https://example.com/?a=%',
      '/?vuid&token',
      '%%%',
    ]) {
      assert.equal(redactTokens(address), address)
    }
    assert.equal(redactTokens(undefined), undefined)
  })

  it('a token is found in every spelling that a program makes of a link', () => {
    for (const address of [
      `/a?%76uid=${TOKEN}`,
      `/a?${escaped('vuid')}=${TOKEN}`,
      `/a?${escaped('VUID')}%3d${TOKEN}`,
      `/a?VUID=${TOKEN}`,
      `/a?amp;vuid=${TOKEN}`,
      `/a?x=1&amp;vuid=${TOKEN}`,
      `/a?x=1;vuid=${TOKEN};y=2`,
      `/a?vuid=3D${TOKEN}`,
      `/a?vuid[]=${TOKEN}`,
      `/a?vuid%5B0%5D=${TOKEN}`,
      `/a?vuid%255b%255d=${TOKEN}`,
      `/a%3Fvuid%3D${TOKEN}`,
      `/a%3fvuid%3d${TOKEN}%26x%3D1`,
      `/a%253Fvuid%253D${TOKEN}`,
      `/a?${escaped('vuid=', 3)}${TOKEN}`,
      `/a?vuid=${escaped(TOKEN)}`,
      `/login?next=%2Fa%3Fvuid%3D${TOKEN}`,
      `/login?next=https%3A%2F%2Fexample.com%2Fa%3F%2576uid%3D${TOKEN}`,
      `?vuid=${TOKEN}`,
      `vuid=${TOKEN}`,
      `//vuid=${TOKEN}`,
      `/a?vuid==${TOKEN}`,
      `/a?vuid%20=${TOKEN}`,
      `/a?vuid+=${TOKEN}`,
      `/a?vuid= ${TOKEN}\n${TOKEN}`,
      `/a?access_token=${TOKEN}`,
    ]) {
      const redacted = redactTokens(address)
      assert.match(redacted, /REDACTED/, address)
      assert.ok(!redacted.includes(TOKEN) && !redacted.includes(escaped(TOKEN)), redacted)
    }
  })

  it('a token is found however its parameter is escaped, and wherever it stands', () => {
    const character = (letter: string): fc.Arbitrary<string> =>
      fc.oneof(
        fc.constantFrom(letter, letter.toUpperCase()),
        fc.integer({ min: 1, max: 4 }).map((times) => escaped(letter, times)),
        fc.integer({ min: 1, max: 4 }).map((times) => escaped(letter, times).toUpperCase()),
      )
    const name = fc
      .constantFrom('vuid', 'token')
      .chain((key) => fc.tuple(...Array.from(`${key}=`, character)))
    const around = fc.oneof(fc.webPath(), fc.string({ unit: 'binary' }), fc.webQueryParameters())
    fc.assert(
      fc.property(around, name, around, (before, letters, after) => {
        const redacted = redactTokens(`${before}${letters.join('')}${TOKEN}&${after}`)
        assert.ok(!redacted.includes(TOKEN), redacted)
      }),
      { numRuns: 500 },
    )
  })

  it('the names of the parameters can be the application’s own, of any characters', () => {
    for (const key of ['invite', 'a.b*', 'my key', 'einladung-für', '招待', '\\d', 'a|b']) {
      const redacted = redactTokens(`/a?x=1&${encodeURIComponent(key)}=${TOKEN}&vuid=1`, { queryKeys: [key] })
      assert.equal(redacted, `/a?x=1&${encodeURIComponent(key)}=REDACTED&vuid=1`)
      assert.ok(!redactTokens(`/a?${key}=${TOKEN}`, { queryKeys: [key] }).includes(TOKEN))
    }
    assert.equal(redactTokens(`/a?my+key=${TOKEN}`, { queryKeys: ['my key'] }), '/a?my+key=REDACTED')
    assert.equal(redactTokens('/a?xdd=1', { queryKeys: ['\\d'] }), '/a?xdd=1')
  })

  it('a long hostile address takes time in proportion to its length', () => {
    const times = (text: string, count: number): string => text.repeat(count)
    for (const address of [
      `%${times('25', 50_000)}`,
      times('%25', 50_000),
      times('vuid[', 20_000),
      times('vuid', 25_000),
      `v%${times('25', 50_000)}`,
      times('vui%25', 15_000),
    ]) {
      const began = process.hrtime.bigint()
      redactTokens(address)
      assert.ok(Number(process.hrtime.bigint() - began) < 500e6, address.slice(0, 20))
    }
  })

  it('a wrong option is refused by its name', () => {
    for (const queryKeys of ['vuid', [], [''], [3], [/vuid/]]) {
      assert.throws(() => redactTokens('/', { queryKeys } as never), {
        name: 'TypeError',
        message: /option 'queryKeys' must be a non-empty array of strings/,
      })
    }
    assert.throws(() => redactTokens('/', { keys: [] } as never), /unknown option 'keys'/)
  })
})

describe('an error that quotes links', () => {
  const link = 'https://example.test/convert/verify?token=SECRET&next=/a'

  for (const [where, error] of [
    ['its message', new Error(`452 <a href="${link}">refused</a>`)],
    ['its cause', new Error('refused', { cause: new Error(link) })],
    ['a cause of its cause', new Error('a', { cause: new Error('b', { cause: new Error(link) }) })],
    ['a cause that is no Error', new Error('refused', { cause: link })],
    ['one of several errors', new AggregateError([new Error('one'), new Error(link)], 'all refused')],
    ['quoted-printable', new Error('https://example.test/verify?tok=\r\nen=3DSEC=\r\nRET')],
    ['a thrown text', link],
  ] as const) {
    it(`is described without their tokens, in ${where}`, () => {
      const text = describeError(error)
      assert.doesNotMatch(text, /SECRET|RET$/m)
      assert.match(text, /REDACTED/)
    })
  }

  it('keeps its stack, and leaves its other properties out', () => {
    const error = Object.assign(new Error(`refused ${link}`), { parameters: ['SECRET'], sql: 'SELECT' })
    const text = describeError(error)
    assert.match(text, /^Error: refused .*REDACTED.*\n +at .*redact-tokens\.test/)
    assert.doesNotMatch(text, /SECRET|SELECT/)
  })

  it('may have itself as its cause', () => {
    const error = new Error('refused')
    error.cause = error
    assert.match(describeError(error), /the same error again/)
  })

  const refuses = (): never => {
    throw new Error('refused')
  }
  const hostile = new Proxy(
    {},
    {
      get: refuses,
      getPrototypeOf: refuses,
      has: refuses,
      ownKeys: refuses,
      getOwnPropertyDescriptor: refuses,
    },
  )
  const withGetter = (name: string, get: () => unknown = refuses): Error =>
    Object.defineProperty(new Error('the message'), name, { get })
  const withoutStack = Object.assign(new Error('x'), { stack: undefined })

  for (const [thrown, described] of [
    [hostile, /^\(a value that cannot be read\)$/],
    [Object.create(null), /^\(a value that cannot be read\)$/],
    [{ toString: refuses }, /^\(a value that cannot be read\)$/],
    [{ toString: () => Symbol('no text') }, /^\(a value that cannot be read\)$/],
    [Symbol('gone'), /^Symbol\(gone\)$/],
    [undefined, /^undefined$/],
    [null, /^null$/],
    [new Proxy(new Error('in a Proxy'), {}), /in a Proxy/],
    [new Proxy(new Error('x'), { get: refuses }), /^\(an error that cannot be read\)$/],
    [Object.defineProperty(withoutStack, 'message', { get: refuses }), /^\(an error that cannot be read\)$/],
    [withGetter('message'), /^Error: the message\n|cannot be read/], // source maps read it to format the stack
    [withGetter('stack'), /^the message$/],
    [withGetter('stack', () => Symbol('no text')), /^the message$/],
    [withGetter('cause'), /^Error: the message\n/],
    [withGetter('cause', () => hostile), /caused by \(a value that cannot be read\)$/],
    [Object.assign(new AggregateError([]), { errors: hostile }), /^AggregateError/],
    [
      Object.assign(new AggregateError([]), { errors: [hostile, 3] }),
      /caused by \(a value .*\)\ncaused by 3$/,
    ],
  ] as const)
    it(`is described, whatever was thrown: ${inspect(described)}`, () => {
      assert.match(describeError(thrown), described)
    })

  it('is described to an end, although each of its causes has another cause', () => {
    const endless = (): Error => withGetter('cause', endless)
    const text = describeError(endless())
    assert.match(text, /\(more errors\)$/)
    assert.equal(text.match(/^caused by Error/gm)?.length, 19)
  })

  it('is described without the tokens of a visitor model with another queryKey', () => {
    redactQueryKey('invitation')
    assert.equal(describeError('/?invitation=SECRET'), '/?invitation=REDACTED')
  })

  it('has no control character in a warning, and no line that looks like one of the log', async () => {
    const emitted = once(process, 'warning')
    warn(
      'TEST_FAILED',
      `failed: ${describeError(new Error('a\u001b[2J\r\n2026-11-27 forged\u009b'))}`,
      'Nothing.',
    )
    const [warning] = (await emitted) as [Error]
    assert.match(warning.message, /^failed: Error: a\uFFFD\[2J\uFFFD\n {2}2026-11-27 forged\uFFFD\n {4}at /)
    assert.doesNotMatch(warning.message, /[^\P{Cc}\n]/u)
  })
})
