import assert from 'node:assert/strict'
import { createHash, createHmac, randomBytes, randomUUID } from 'node:crypto'
import { describe, it } from 'node:test'
import fc from 'fast-check'
import { createTokenCodec } from '../../src/visitor/token.js'

const secret = 's'.repeat(32)
const codec = createTokenCodec(secret)

const idOf = (uuid: string): Buffer => Buffer.from(uuid.replaceAll('-', ''), 'hex')
const hmac = (purpose: string, content: string | Buffer): Buffer =>
  createHmac('sha256', secret).update(`passport-ephemeral:visitor:${purpose}\0`).update(content).digest()

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
    const id = idOf(uuid)
    const signature = codec.seal('visit', uuid).sign(id)
    const forged = Buffer.concat([id, signature.subarray(0, 16)]).toString('hex')
    assert.deepEqual(codec.read(forged), { reason: 'unknown' })
  })

  it('is the uuid and half of its HMAC, in every version: links that were sent out continue to work', () => {
    const uuid = randomUUID()
    const signature = hmac('token', idOf(uuid)).subarray(0, 16)
    assert.equal(codec.sign(uuid), Buffer.concat([idOf(uuid), signature]).toString('hex'))
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

describe('a token in a damaged text', () => {
  const both = createTokenCodec([secret, false])

  it('is read, signed or bare, from between punctuation, line breaks and the 3D of quoted-printable', () => {
    const uuid = randomUUID()
    for (const token of [codec.sign(uuid), uuid]) {
      const [start, end] = [token.slice(0, 20), token.slice(20)]
      for (const text of [
        `<${token}>`,
        `“${token}”.`,
        `3D${token}`,
        `=3d${token}=`,
        `${start}=\r\n${end}`,
        `${start}\u00ad${end}`,
        `${token}utm_source=mail`,
      ])
        assert.deepEqual(both.read(text), { uuid }, JSON.stringify(text))
    }
  })

  it('is malformed, signed or bare, behind a letter or a number, and before another digit', () => {
    const uuid = randomUUID()
    for (const token of [codec.sign(uuid), uuid])
      for (const text of [`x${token}`, `é${token}`, `9${token}`, `Ⅷ${token}`, `(x)${token}`, `${token}0`])
        assert.deepEqual(both.read(text), { reason: 'malformed' }, JSON.stringify(text))
  })

  it('is malformed if it only has the form of a UUID', () => {
    assert.deepEqual(both.read('00000000-0000-0000-0000-000000000001'), { reason: 'malformed' })
  })
})

describe('a seal', () => {
  const content = Buffer.from('content')

  it('is genuine for its own purpose and content only', () => {
    const signature = codec.seal('visit', randomUUID()).sign(content)
    assert.equal(signature.length, 32)
    assert.equal(codec.seal('visit')?.isGenuine(content, signature), true)
    assert.equal(codec.seal('visit')?.isGenuine(Buffer.from('other'), signature), false)
    assert.equal(codec.seal('confirmation')?.isGenuine(content, signature), false)
  })

  it('is not genuine with a signature that is cut off, too long or empty', () => {
    const seal = codec.seal('visit', randomUUID())
    const signature = seal.sign(content)
    for (const given of [signature.subarray(0, 16), Buffer.concat([signature, Buffer.of(0)]), Buffer.of()])
      assert.equal(seal.isGenuine(content, given), false)
  })

  it('is made by the first of several secrets, and genuine with each', () => {
    const rotated = createTokenCodec(['n'.repeat(32), secret]).seal('visit', randomUUID())
    assert.equal(rotated.isGenuine(content, hmac('visit', content)), true)
    assert.equal(codec.seal('visit')?.isGenuine(content, rotated.sign(content)), false)
  })

  it('is signed by the uuid of its pass without a secret, and does not exist without a pass', () => {
    const bare = createTokenCodec(false)
    const seal = bare.seal('visit', randomUUID())
    assert.equal(seal.isGenuine(content, seal.sign(content)), true)
    assert.equal(bare.seal('visit', randomUUID()).isGenuine(content, seal.sign(content)), false)
    assert.equal(bare.seal('visit'), undefined)
  })
})

describe('the digest of a session id', () => {
  it('needs the secret if there is one: the visit log alone leads to no session', () => {
    assert.equal(codec.hashSession('sid'), hmac('session', 'sid').toString('hex'))
  })

  it('is a plain hash without a secret', () => {
    const expected = createHash('sha256').update('sid').digest('hex')
    assert.equal(createTokenCodec(false).hashSession('sid'), expected)
  })
})

describe('the secrets of a codec', () => {
  const strong = randomBytes(32).toString('base64')

  it('are refused if there is none, or an empty one', () => {
    for (const none of ['', [], ['', secret], [secret, '']])
      assert.throws(() => createTokenCodec(none), /^TypeError.*: secret must not be empty/)
  })

  it('are described without being told: whether new links are signed, and each weakness once', () => {
    assert.deepEqual(createTokenCodec([strong, false]).secrecy, { signs: true, weaknesses: [] })
    assert.deepEqual(createTokenCodec([false, strong]).secrecy, { signs: false, weaknesses: [] })
    assert.deepEqual(createTokenCodec(['short', strong, 'brief']).secrecy, {
      signs: true,
      weaknesses: ['is shorter than 32 characters'],
    })
  })
})

describe('a weak secret', () => {
  it('is one of fewer than 32 characters: one of 32 is not warned of', async () => {
    const warnings: string[] = []
    const collect = (warning: Error): void => void warnings.push(warning.message)
    await new Promise(setImmediate) // those of earlier tests
    process.on('warning', collect)
    createTokenCodec([secret, false])
    await new Promise(setImmediate)
    process.off('warning', collect)
    assert.deepEqual(warnings, [])
  })

  it('works, and is warned of', async () => {
    const warned = new Promise<Error>((resolve) => process.once('warning', resolve))
    assert.equal(createTokenCodec([secret, 'short']).sign(randomUUID()).length, 64)
    const warning = (await warned) as Error & { code?: string }
    assert.equal(warning.code, 'WEAK_VISITOR_SECRET')
    assert.match(warning.message, /shorter than 32 characters/)
    assert.ok(!warning.message.includes("'short'"))
  })
})
