import assert from 'node:assert/strict'
import { randomBytes, randomUUID } from 'node:crypto'
import { describe, it } from 'node:test'
import fc from 'fast-check'
import { createTokenCodec } from '../../src/visitor/token.js'

const secret = 's'.repeat(32)
const codec = createTokenCodec(secret)

describe('a signed token', () => {
  it('leads back to the uuid it was made for', () => {
    fc.assert(
      fc.property(fc.uuid({ version: 4 }), (uuid) => {
        assert.deepEqual(codec.read(codec.sign(uuid)), { uuid })
      }),
    )
  })

  it('does not show the uuid', () => {
    const uuid = randomUUID()
    assert.ok(!codec.sign(uuid).includes(uuid))
    assert.match(codec.sign(uuid), /^[0-9a-f]{64}$/)
  })

  it('is worth nothing with any one character changed', () => {
    const token = codec.sign(randomUUID())
    for (let place = 0; place < token.length; place++) {
      const other = token[place] === 'a' ? 'b' : 'a'
      const forged = token.slice(0, place) + other + token.slice(place + 1)
      assert.deepEqual(codec.read(forged), { reason: 'unknown' }, `character ${place}`)
    }
  })

  it('cannot be made from the uuid alone, nor with another secret', () => {
    const uuid = randomUUID()
    assert.deepEqual(codec.read(createTokenCodec('t'.repeat(32)).sign(uuid)), { reason: 'unknown' })
    const id = Buffer.from(uuid.replaceAll('-', ''), 'hex')
    assert.deepEqual(codec.read(Buffer.concat([id, randomBytes(16)]).toString('hex')), { reason: 'unknown' })
  })

  it('is not one that was signed for another purpose with the same secret', () => {
    const uuid = randomUUID()
    const id = Buffer.from(uuid.replaceAll('-', ''), 'hex')
    const hash = Buffer.from(codec.hashSession(id.toString('latin1')), 'hex')
    assert.deepEqual(codec.read(Buffer.concat([id, hash.subarray(0, 16)]).toString('hex')), {
      reason: 'unknown',
    })
  })

  it('has letters and digits only, which no program cuts off the end of a link', () => {
    for (let count = 0; count < 100; count++) assert.match(codec.sign(randomUUID()), /^[0-9a-z]+$/)
  })

  it('is malformed if it is cut off, too long, or something else', () => {
    const token = codec.sign(randomUUID())
    for (const text of ['', 'x', token.slice(1), token.slice(0, 32), `${token}a`, `x${token}`, randomUUID()])
      assert.deepEqual(codec.read(text), { reason: 'malformed' }, JSON.stringify(text))
  })

  it('is read, unknown or malformed, and never throws', () => {
    fc.assert(
      fc.property(fc.oneof(fc.string(), fc.stringMatching(/^[0-9a-f]{64}$/)), (text) => {
        assert.ok(['unknown', 'malformed'].includes(codec.read(text).reason ?? ''))
      }),
    )
  })
})

describe('rotating secrets', () => {
  const next = 'n'.repeat(32)

  it('signs with the first and verifies with all', () => {
    const uuid = randomUUID()
    const both = createTokenCodec([next, secret])
    assert.deepEqual(both.read(codec.sign(uuid)), { uuid })
    assert.equal(both.sign(uuid), createTokenCodec(next).sign(uuid))
  })

  it('makes links of a dropped secret unknown', () => {
    assert.deepEqual(createTokenCodec([next]).read(codec.sign(randomUUID())), { reason: 'unknown' })
  })
})

describe('without a secret', () => {
  const bare = createTokenCodec(false)

  it('the token is the uuid', () => {
    const uuid = randomUUID()
    assert.equal(bare.sign(uuid), uuid)
    assert.deepEqual(bare.read(uuid), { uuid })
    assert.deepEqual(bare.read(uuid.toUpperCase()), { uuid })
  })

  it('anything else is malformed', () => {
    for (const text of ['', 'x', `${randomUUID()}0`, codec.sign(randomUUID())])
      assert.deepEqual(bare.read(text), { reason: 'malformed' })
  })
})

describe('a weak secret', () => {
  it('works, and is warned of', async () => {
    const warned = new Promise<Error>((resolve) => process.once('warning', resolve))
    assert.equal(createTokenCodec('short').sign(randomUUID()).length, 64)
    const warning = (await warned) as Error & { code?: string }
    assert.equal(warning.code, 'WEAK_VISITOR_SECRET')
    assert.ok(!warning.message.includes("'short'"))
  })
})
