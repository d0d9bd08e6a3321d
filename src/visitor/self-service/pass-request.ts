import { canBeWayBack, isLocalPath } from '../../http/address.js'
import type { Messages } from '../../pages/messages/catalog.js'
import type { Seal } from '../token.js'

/**
 * The request for a pass that the guard gives the form, by way of the browser: which scope, from which page, and how long a
 * visit lasts. It is no credential: each client that opens the guarded page gets one.
 */
export interface PassRequest {
  /** The `Visitor` model, and where its passes are: tenants can have forms at the same path, and one secret. */
  readonly model: string
  /** The path of the form it is for: one form may ask for more than another. */
  readonly form: string
  readonly scope: string
  /** The way back: a path of this site. */
  readonly next: string
  /** Why the guard refused the request, as far as the person may know. */
  readonly why: keyof Messages['selfService']['why']
  /** For the pass; `undefined`: the model's own. */
  readonly sessionExpiry: number | null | undefined
}

/** A request for a pass that came back unchanged. One that has expired still has the way back. */
export interface ReceivedPassRequest extends PassRequest {
  readonly hasExpired: boolean
}

/** The query parameter that carries it. */
export const PASS_REQUEST_KEY = 'for'

/** Seconds. People may take a break between opening the form and posting it. */
const LIFETIME = 4 * 60 * 60

/** As it travels; `expiresAt` in seconds since the epoch. */
type Written = PassRequest & { readonly expiresAt: number }

/** Writes a request for a pass for a query string: readable, and refused once it is changed. */
export function signPassRequest(seal: Seal, passRequest: PassRequest): string {
  const { next } = passRequest
  const written: Written = {
    ...passRequest,
    next: canBeWayBack(next) ? next : pathOf(next),
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
  if (!isLocalPath(passRequest.next)) return undefined // a signature alone makes no redirect safe
  return { ...passRequest, hasExpired: expiresAt * 1000 <= Date.now() }
}

/**
 * Whether a request for a pass is for the form at this path: as the application mounts it, or with the prefix of the public
 * address.
 */
export function isMeantFor({ form }: PassRequest, path: string, prefix: string): boolean {
  return [path, prefix + path].some((here) => comparable(here) === comparable(form))
}

/** Express's routes ignore case and a slash at the end. */
function comparable(path: string): string {
  return path.toLowerCase().replace(/\/+$/, '')
}

function pathOf(address: string): string {
  const [path = '/'] = address.split(/[?#]/, 1)
  return canBeWayBack(path) ? path : '/'
}
