import { createHmac, hash as digest, timingSafeEqual } from 'node:crypto'
import { parse, stringify, validate } from 'uuid'
import { VisitorTokenMalformed } from '../errors.js'
import type { Seal } from '../http/signed-cookie.js'
import { MAKE_A_SECRET, SHORTEST_SECRET, weaknessOf } from '../checks/secrets.js'
import { warn } from '../warning.js'

export type { Seal }

/**
 * What signs the links. `false`: links carry the bare UUID. An array: the first makes them, all are accepted; `false`
 * among them accepts bare UUIDs that were sent out before there was a secret.
 */
export type Secret = string | false | readonly (string | false)[]

/** Makes tokens for links and reads them back. */
export interface TokenCodec {
  /** Whether a pass's `uuid` by itself opens anything, and so must not be logged. */
  readonly uuidIsToken: boolean
  /** What can be said of the secrets without telling them. */
  readonly secrecy: Secrecy
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
  /** What only the browser gets that redeems this pass in this session; the same each time. */
  bindingSecret: (sessionId: string, uuid: string) => string
  /** Signs and checks requests for a pass; absent where nothing is secret. */
  readonly seal: Seal | undefined
  /** Signs and checks the cookie beside the button of a pass's link. Without a secret, its key is the pass's uuid. */
  sealConfirmation: (uuid: string) => Seal
}

/** How well the links are kept. */
interface Secrecy {
  /** Whether new links are signed. */
  readonly signs: boolean
  /** What is wrong with the secrets, each once. */
  readonly weaknesses: readonly string[]
}

type Purpose = 'token' | 'session' | 'pass-request' | 'visit-binding' | 'confirmation'

const UUID_BYTES = 16
const MAC_BYTES = 32
const TOKEN = /^[A-Za-z0-9_-]{64}$/

/**
 * A token is base64url(uuid ‖ HMAC-SHA-256(secret, uuid)): 48 bytes in 64 characters, with no spare bits, so that
 * there is one spelling of it. The uuid has 122 random bits and is in the database only; the secret is in the
 * application only; either alone makes no token (RFC 2104; ASVS 5.0, 11.2 and 7.2).
 *
 * A bare UUID, which a deployment without a secret sends out, can be read from the database.
 */
export function createTokenCodec(secret: Secret): TokenCodec {
  const secrets = typeof secret === 'object' ? secret : [secret]
  if (secrets.length === 0 || secrets.includes('')) throw new TypeError('secret must not be empty')
  const keys = secrets.filter((item) => item !== false)
  warnOfWeakSecrets(keys)
  const uuidIsToken = secrets.includes(false)
  const [first] = secrets

  return {
    uuidIsToken,
    secrecy: { signs: typeof first === 'string', weaknesses: weaknessesOf(keys) },
    sign: (uuid) => (typeof first === 'string' ? signed(first, uuid) : uuid),
    read(token) {
      if (uuidIsToken && validate(token)) return token.toLowerCase()
      if (keys.length === 0 || !TOKEN.test(token)) throw new VisitorTokenMalformed()
      const bytes = Buffer.from(token, 'base64url')
      const id = bytes.subarray(0, UUID_BYTES)
      const signature = bytes.subarray(UUID_BYTES)
      return isGenuine(keys, 'token', id, signature) ? stringify(id) : undefined
    },
    hashSession(sessionId) {
      const [key] = keys
      return key === undefined
        ? digest('sha256', sessionId, 'hex')
        : mac(key, 'session', Buffer.from(sessionId)).toString('hex')
    },
    bindingSecret(sessionId, uuid) {
      const [key = uuid] = keys // without a secret, the uuid is the only secret
      return mac(key, 'visit-binding', Buffer.from(`${sessionId}\0${uuid}`)).toString('base64url')
    },
    seal: keys.length === 0 ? undefined : sealWith(keys, 'pass-request'),
    sealConfirmation: (uuid) => sealWith(keys.length === 0 ? [uuid] : keys, 'confirmation'),
  }
}

function signed(key: string, uuid: string): string {
  const id = parse(uuid)
  return Buffer.concat([id, mac(key, 'token', id)]).toString('base64url')
}

/** @param keys at least one: the first signs, all verify */
function sealWith(keys: readonly string[], purpose: Purpose): Seal {
  const [first = ''] = keys
  return {
    sign: (content) => mac(first, purpose, content),
    isGenuine: (content, signature) => isGenuine(keys, purpose, content, signature),
  }
}

/** Every key is tried, whichever fits: how long it takes tells nothing. */
function isGenuine(
  keys: readonly string[],
  purpose: Purpose,
  content: Uint8Array,
  signature: Uint8Array,
): boolean {
  if (signature.length !== MAC_BYTES) return false
  return keys.map((key) => timingSafeEqual(mac(key, purpose, content), signature)).includes(true)
}

/** The purpose is part of what is signed, so that a MAC made for one use is worth nothing for another. */
function mac(key: string, purpose: Purpose, content: Uint8Array): Buffer {
  return createHmac('sha256', key).update(`passport-ephemeral:visitor:${purpose}\0`).update(content).digest()
}

function weaknessesOf(keys: readonly string[]): string[] {
  return [...new Set(keys.map(weaknessOf).filter((weakness) => weakness !== undefined))]
}

function warnOfWeakSecrets(keys: readonly string[]): void {
  if (keys.every((key) => key.length >= SHORTEST_SECRET)) return
  warn(
    'WEAK_VISITOR_SECRET',
    `The secret of visitors' links is shorter than ${String(SHORTEST_SECRET)} characters.`,
    MAKE_A_SECRET,
  )
}
