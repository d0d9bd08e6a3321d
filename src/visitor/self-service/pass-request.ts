import { isLocalPath } from '../../http/address.js'
import type { Seal } from '../token.js'

/**
 * What the guard tells the form, by way of the browser: which scope was asked for, where, and how long a visit lasts.
 * It opens nothing; everybody who opens the guarded page gets one.
 */
export interface PassRequest {
  /** Whose passes: the name of the model. */
  readonly of: string
  /** Which form, by its path: one may ask for more than another. */
  readonly form: string
  readonly scope: string
  /** The way back: a path of this site. */
  readonly next: string
  /** For the pass; `undefined`: what the model says. */
  readonly sessionExpiry: number | null | undefined
}

/** A hand-over that came back as it was; one that took too long still knows the way back. */
export interface ReceivedPassRequest extends PassRequest {
  readonly hasExpired: boolean
}

/** The query parameter that carries it. */
export const PASS_REQUEST_KEY = 'for'

/** Seconds: long enough for lunch between opening the form and posting it. */
const LIFETIME = 4 * 60 * 60

/** Browsers and proxies take addresses of 8 kB; the form's own carries this one as a part. */
const LONGEST_WAY_BACK = 2048

/** As it travels; `expiresAt` in seconds since the epoch. */
type Written = PassRequest & { readonly expiresAt: number }

/** Writes a hand-over for a query string: readable, but of no use once it is changed. */
export function signPassRequest(seal: Seal, passRequest: PassRequest): string {
  const { next } = passRequest
  const written: Written = {
    ...passRequest,
    next: next.length > LONGEST_WAY_BACK ? pathOf(next) : next,
    expiresAt: Math.ceil(Date.now() / 1000) + LIFETIME,
  }
  const content = Buffer.from(JSON.stringify(written))
  return `${content.toString('base64url')}.${seal.sign(content).toString('base64url')}`
}

/** Reads one back; `undefined` if it is not as it was written. */
export function readPassRequest(seal: Seal, text: string): ReceivedPassRequest | undefined {
  const [content = '', signature = '', ...rest] = text.split('.')
  const bytes = Buffer.from(content, 'base64url')
  if (rest.length > 0 || !seal.isGenuine(bytes, Buffer.from(signature, 'base64url'))) return undefined

  const { expiresAt, ...passRequest } = JSON.parse(bytes.toString()) as Written
  if (!isLocalPath(passRequest.next)) return undefined // signed by us, and all the same nowhere to send anybody
  return { ...passRequest, hasExpired: expiresAt * 1000 <= Date.now() }
}

/**
 * Whether a hand-over was meant for the form at this path: as the application knows it, or with what the public address
 * has before it.
 */
export function isMeantFor({ form }: PassRequest, path: string, prefix: string): boolean {
  return [path, prefix + path].some((here) => comparable(here) === comparable(form))
}

/** Express's routes know neither case nor a slash at the end. */
function comparable(path: string): string {
  return path.toLowerCase().replace(/\/+$/, '')
}

function pathOf(address: string): string {
  const [path = '/'] = address.split(/[?#]/, 1)
  return path.length > LONGEST_WAY_BACK ? '/' : path
}
