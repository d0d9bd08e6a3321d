import { createHmac, hash as digest, timingSafeEqual } from 'node:crypto'
import { parse, stringify, validate } from 'uuid'
import { InvalidOption } from '../invalid-option.js'
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
  /** Reads a token out of what came back of it in an address, mended where it is mangled. Asks no database. */
  read: (text: string) => TokenReading
  /** A digest of a session id for the visit log: the log alone leads to no session. */
  hashSession: (sessionId: string) => string
  /**
   * Signs and checks what passes through a browser, for one purpose each. A model without a secret signs by the uuid of the
   * pass; there is no seal for what concerns no pass.
   */
  seal: {
    (purpose: SealPurpose, uuid: string): Seal
    (purpose: SealPurpose): Seal | undefined
  }
}

/** The `uuid` that a token names, or why it names none: no secret signed it, or the text holds no token at all. */
export type TokenReading =
  | { readonly uuid: string; readonly reason?: never }
  | { readonly reason: 'unknown' | 'malformed'; readonly uuid?: never }

/** How well the links are kept. */
interface Secrecy {
  /** Whether new links are signed. */
  readonly signs: boolean
  /** What is wrong with the secrets, each once. */
  readonly weaknesses: readonly string[]
}

type SealPurpose = 'pass-request' | 'visit' | 'confirmation' | 'typed-address' | 'fresh-link' | 'code'
type Purpose = SealPurpose | 'token' | 'session'

const MAC_BYTES = 32
const TOKEN_MAC_BYTES = 16

/** What mail programs put into the middle of a long link: line breaks (quoted-printable ends a line by `=`), soft hyphens. */
const BREAKS = /[\s=\p{Cf}]+/gu

/**
 * A token in the text of a parameter. Before it: opening brackets and quotes, or the `3D` of quoted-printable. After it:
 * anything, as long as that is no part of it.
 */
const SIGNED = /^[^\p{L}\p{N}]*(?:3d)?([0-9a-f]{64})(?![0-9a-f])/iu
const BARE = /^[^\p{L}\p{N}]*(?:3d)?([0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12})(?![0-9a-f])/iu

/**
 * A token is hex(uuid ‖ the first half of HMAC-SHA-256(secret, uuid)): 32 bytes in 64 characters. The uuid has 122 random
 * bits and is in the database only; the secret is in the application only; either alone makes no token (RFC 2104 §5;
 * ASVS 5.0, 11.2 and 7.2). Letters and digits only: programs that make links of text cut `-` and `_` off their ends.
 *
 * A bare UUID, which a deployment without a secret sends out, can be read from the database.
 */
export function createTokenCodec(secret: Secret): TokenCodec {
  const secrets = typeof secret === 'object' ? secret : [secret]
  if (secrets.length === 0 || secrets.includes('')) throw new InvalidOption('secret must not be empty')
  const keys = secrets.filter((item) => item !== false)
  warnOfWeakSecrets(keys)
  const uuidIsToken = secrets.includes(false)
  const [first] = secrets

  function seal(purpose: SealPurpose, uuid: string): Seal
  function seal(purpose: SealPurpose): Seal | undefined
  function seal(purpose: SealPurpose, uuid?: string): Seal | undefined {
    const signers = keys.length > 0 || uuid === undefined ? keys : [uuid]
    return signers.length === 0 ? undefined : sealWith(signers, purpose)
  }

  return {
    uuidIsToken,
    secrecy: { signs: typeof first === 'string', weaknesses: weaknessesOf(keys) },
    sign: (uuid) => (typeof first === 'string' ? signed(first, uuid) : uuid),
    read(text) {
      const whole = text.replace(BREAKS, '')
      const bare = uuidIsToken ? BARE.exec(whole)?.[1] : undefined
      if (bare !== undefined && validate(bare)) return { uuid: bare.toLowerCase() }
      const token = keys.length > 0 ? SIGNED.exec(whole)?.[1] : undefined
      if (token === undefined) return { reason: 'malformed' }
      const bytes = Buffer.from(token, 'hex')
      const id = bytes.subarray(0, -TOKEN_MAC_BYTES)
      const signature = bytes.subarray(-TOKEN_MAC_BYTES)
      return isGenuine(keys, 'token', id, signature) ? { uuid: stringify(id) } : { reason: 'unknown' }
    },
    hashSession(sessionId) {
      const [key] = keys
      return key === undefined
        ? digest('sha256', sessionId, 'hex')
        : mac(key, 'session', Buffer.from(sessionId)).toString('hex')
    },
    seal,
  }
}

function signed(key: string, uuid: string): string {
  const id = parse(uuid)
  return Buffer.concat([id, mac(key, 'token', id)]).toString('hex')
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
  if (signature.length !== lengthOf(purpose)) return false
  return keys.map((key) => timingSafeEqual(mac(key, purpose, content), signature)).includes(true)
}

/** The purpose is part of what is signed, so that a MAC made for one use is worth nothing for another. */
function mac(key: string, purpose: Purpose, content: Uint8Array): Buffer {
  const whole = createHmac('sha256', key)
    .update(`passport-ephemeral:visitor:${purpose}\0`)
    .update(content)
    .digest()
  return whole.subarray(0, lengthOf(purpose))
}

function lengthOf(purpose: Purpose): number {
  return purpose === 'token' ? TOKEN_MAC_BYTES : MAC_BYTES
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
