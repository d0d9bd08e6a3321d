import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { friendlyUsername, numberedUsername, uuidUsername } from '../../src/index.js'

const first = { attempt: 0, maxLength: undefined }

describe('uuidUsername', () => {
  it('is 32 letters and digits', async () => {
    assert.match(await uuidUsername(first), /^[0-9a-f]{32}$/)
  })

  it('is unique ten thousand times over', async () => {
    const names = new Set(
      await Promise.all(Array.from({ length: 10_000 }, async () => await uuidUsername(first))),
    )
    assert.equal(names.size, 10_000)
  })

  it('fits a column that is shorter', async () => {
    assert.match(await uuidUsername({ ...first, maxLength: 20 }), /^[0-9a-f]{20}$/)
  })
})

describe('numberedUsername', () => {
  it('is Guest and four digits', async () => {
    assert.match(await numberedUsername()(first), /^Guest\d{4}$/)
  })

  it('takes a prefix and a number of digits', async () => {
    assert.match(await numberedUsername({ prefix: 'Gast' })(first), /^Gast\d{4}$/)
    assert.match(await numberedUsername({ prefix: 'anonymous#', digits: 5 })(first), /^anonymous#\d{5}$/)
    assert.match(await numberedUsername({ digits: 14 })(first), /^Guest\d{14}$/)
  })

  it('spreads over its names', async () => {
    const generate = numberedUsername()
    const names = new Set(await Promise.all(Array.from({ length: 1000 }, async () => await generate(first))))
    assert.ok(names.size > 900, `${names.size} of 1000`)
  })

  it('refuses digits and prefixes that make no sense, at start-up', () => {
    for (const digits of [0, -1, 1.5, 15, NaN, '4']) {
      assert.throws(() => numberedUsername({ digits: digits as number }), /'digits' must be a whole number/)
    }
    assert.throws(() => numberedUsername({ prefix: 5 as unknown as string }), /'prefix'/)
    assert.throws(() => numberedUsername({ suffix: 'x' } as object), /unknown option 'suffix'/)
  })
})

describe('friendlyUsername', () => {
  it('is words, and after a collision words and a number', async () => {
    assert.match(await friendlyUsername(first), /^[A-Z][A-Za-z]+$/)
    assert.match(await friendlyUsername({ ...first, attempt: 1 }), /^[A-Z][A-Za-z]+\d{4}$/)
  })

  it('fits a column that is shorter, its number whole', async () => {
    assert.match(await friendlyUsername({ attempt: 2, maxLength: 10 }), /^[A-Za-z]{6}\d{4}$/)
  })
})
