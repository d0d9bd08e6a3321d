import { createHmac, hash as digest, timingSafeEqual } from 'node:crypto'
import { parse, stringify, validate } from 'uuid'
import { VisitorTokenMalformed } from '../errors.js'

/** `false`: links carry the bare UUID. An array: the first signs, all verify. */
export type Secret = string | readonly string[] | false

/** Makes tokens for links and reads them back. */
export interface TokenCodec {
  /** Whether the pass's `uuid` is the token itself, and so must not be logged. */
  readonly uuidIsToken: boolean
  /** The token for a pass, by the pass's `uuid`. */
  sign: (uuid: string) => string
  /**
   * The `uuid` that a token names, or `undefined` if none of the secrets signed it. Asks no database.
   *
   * @throws {VisitorTokenMalformed} if it does not have the form of a token at all
   */
  read: (token: string) => string | undefined
  /** A digest of a session id for the visit log: the log alone leads to no session. */
  hashSession: (sessionId: string) => string
}

const UUID_BYTES = 16
const MAC_BYTES = 32
const TOKEN = /^[A-Za-z0-9_-]{64}$/
const WEAK_SECRET_LENGTH = 32

/**
 * A token is base64url(uuid ‖ HMAC-SHA-256(secret, uuid)): 48 bytes in 64 characters, with no spare bits, so that
 * there is one spelling of it. The uuid has 122 random bits and is in the database only; the secret is in the
 * application only; either alone makes no token (RFC 2104; ASVS 5.0, 11.2 and 7.2).
 */
export function createTokenCodec(secret: Secret): TokenCodec {
  if (secret === false) return bareUuids
  const keys = typeof secret === 'string' ? [secret] : secret
  const [first] = keys
  if (first === undefined || keys.includes('')) throw new TypeError('secret must not be empty')
  warnOfWeakSecrets(keys)

  return {
    uuidIsToken: false,
    sign(uuid) {
      const id = parse(uuid)
      return Buffer.concat([id, mac(first, 'token', id)]).toString('base64url')
    },
    read(token) {
      if (!TOKEN.test(token)) throw new VisitorTokenMalformed()
      const bytes = Buffer.from(token, 'base64url')
      const id = bytes.subarray(0, UUID_BYTES)
      const presented = bytes.subarray(UUID_BYTES, UUID_BYTES + MAC_BYTES)
      const genuine = keys.map((key) => timingSafeEqual(mac(key, 'token', id), presented)).includes(true)
      return genuine ? stringify(id) : undefined
    },
    hashSession(sessionId) {
      return mac(first, 'session', Buffer.from(sessionId)).toString('hex')
    },
  }
}

/** For links that a deployment without a secret has already sent out: whoever reads the database can make one. */
const bareUuids: TokenCodec = {
  uuidIsToken: true,
  sign: (uuid) => uuid,
  read(token) {
    if (!validate(token)) throw new VisitorTokenMalformed()
    return token.toLowerCase()
  },
  hashSession: (sessionId) => digest('sha256', sessionId, 'hex'),
}

/** The purpose is part of what is signed, so that a MAC made for one use is worth nothing for another. */
function mac(key: string, purpose: 'token' | 'session', content: Uint8Array): Buffer {
  return createHmac('sha256', key).update(`passport-ephemeral:visitor:${purpose}\0`).update(content).digest()
}

function warnOfWeakSecrets(keys: readonly string[]): void {
  if (keys.every((key) => key.length >= WEAK_SECRET_LENGTH)) return
  process.emitWarning(
    `secret is shorter than ${String(WEAK_SECRET_LENGTH)} characters; make one with: openssl rand -base64 32`,
    { type: 'PassportEphemeralWarning', code: 'WEAK_VISITOR_SECRET' },
  )
}
