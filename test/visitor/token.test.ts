import assert from 'node:assert/strict'
import { randomBytes, randomUUID } from 'node:crypto'
import { describe, it } from 'node:test'
import fc from 'fast-check'
import { VisitorTokenMalformed } from '../../src/index.js'
import { createTokenCodec } from '../../src/visitor/token.js'

const secret = 's'.repeat(32)
const codec = createTokenCodec(secret)

describe('a signed token', () => {
  it('leads back to the uuid it was made for', () => {
    fc.assert(
      fc.property(fc.uuid({ version: 4 }), (uuid) => {
        assert.equal(codec.read(codec.sign(uuid)), uuid)
      }),
    )
  })

  it('does not show the uuid', () => {
    const uuid = randomUUID()
    assert.ok(!codec.sign(uuid).includes(uuid))
    assert.match(codec.sign(uuid), /^[\w-]{64}$/)
  })

  it('is worth nothing with any one character changed', () => {
    const token = codec.sign(randomUUID())
    for (let place = 0; place < token.length; place++) {
      const other = token[place] === 'A' ? 'B' : 'A'
      const forged = token.slice(0, place) + other + token.slice(place + 1)
      assert.equal(codec.read(forged), undefined, `character ${place}`)
    }
  })

  it('cannot be made from the uuid alone, nor with another secret', () => {
    const uuid = randomUUID()
    assert.equal(codec.read(createTokenCodec('t'.repeat(32)).sign(uuid)), undefined)
    const id = Buffer.from(uuid.replaceAll('-', ''), 'hex')
    assert.equal(codec.read(Buffer.concat([id, randomBytes(32)]).toString('base64url')), undefined)
  })

  it('is not one that was signed for another purpose with the same secret', () => {
    const uuid = randomUUID()
    const id = Buffer.from(uuid.replaceAll('-', ''), 'hex')
    const hash = Buffer.from(codec.hashSession(id.toString('latin1')), 'hex')
    assert.equal(codec.read(Buffer.concat([id, hash]).toString('base64url')), undefined)
  })

  it('is malformed unless it has exactly the form of one', () => {
    const token = codec.sign(randomUUID())
    const notTokens = [
      '',
      'x',
      token.slice(1),
      `${token}A`,
      `${token}=`,
      token.replace(/^./, '+'),
      randomUUID(),
      `${token}\n`,
    ]
    for (const text of notTokens)
      assert.throws(() => codec.read(text), VisitorTokenMalformed, JSON.stringify(text))
  })

  it('is never anything but read, unknown or malformed', () => {
    fc.assert(
      fc.property(fc.oneof(fc.string(), fc.stringMatching(/^[\w-]{64}$/)), (text) => {
        try {
          assert.equal(codec.read(text), undefined)
        } catch (error) {
          assert.ok(error instanceof VisitorTokenMalformed)
        }
      }),
    )
  })
})

describe('rotating secrets', () => {
  const next = 'n'.repeat(32)

  it('signs with the first and verifies with all', () => {
    const uuid = randomUUID()
    const both = createTokenCodec([next, secret])
    assert.equal(both.read(codec.sign(uuid)), uuid)
    assert.equal(both.sign(uuid), createTokenCodec(next).sign(uuid))
  })

  it('makes links of a dropped secret unknown', () => {
    assert.equal(createTokenCodec([next]).read(codec.sign(randomUUID())), undefined)
  })
})

describe('without a secret', () => {
  const bare = createTokenCodec(false)

  it('the token is the uuid', () => {
    const uuid = randomUUID()
    assert.equal(bare.sign(uuid), uuid)
    assert.equal(bare.read(uuid), uuid)
    assert.equal(bare.read(uuid.toUpperCase()), uuid)
  })

  it('anything else is malformed', () => {
    for (const text of ['', 'x', `${randomUUID()}0`, codec.sign(randomUUID())]) {
      assert.throws(() => bare.read(text), VisitorTokenMalformed)
    }
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
