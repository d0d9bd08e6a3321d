import type { Request } from 'express'
import { prefixOf } from './base-url.js'
import { withoutQuery, withQuery } from './query.js'

const credentialParameters = new WeakMap<Request, Set<string>>()

/** Remembers that this request's address carries a credential, so that no address made from it repeats it. */
export function hideFromAddress(req: Request, parameter: string): void {
  credentialParameters.set(req, (credentialParameters.get(req) ?? new Set()).add(parameter))
}

/** The address that the request line names. `originalUrl` is Express's: the handshake of a WebSocket has none. */
export function requestTarget(req: Request): string {
  return (req as Partial<Request>).originalUrl ?? req.url
}

/** Where this request was sent, as a path of this application with its query, without credentials. */
export function applicationAddress(req: Request): string {
  const parameters = [...(credentialParameters.get(req) ?? [])]
  return localPath(parameters.reduce(withoutQuery, requestTarget(req)))
}

/** Where this request was sent, as a path of this site with its query, fit for `Location` and for `?next=`. */
export function ownAddress(req: Request): string {
  return prefixOf(req) + applicationAddress(req)
}

/** The same with the credentials: where a form posts to that the address has opened. */
export function ownAddressWithCredentials(req: Request): string {
  return prefixOf(req) + localPath(requestTarget(req))
}

/**
 * The longest way back that is carried, in characters as they are encoded in `Location`. nginx takes 4 kB for all headers of an
 * answer (`proxy_buffer_size`), answers a longer one with 502, and may leave the application out for 10 seconds.
 */
const LONGEST_WAY_BACK = 1500

/** Whether an address fits into another one as the way back. */
export function canBeWayBack(address: string): boolean {
  return encodeURIComponent(address).length <= LONGEST_WAY_BACK
}

/** An address with the way back as `?next=`; without one that is too long. */
export function withWayBack(url: string, address: string): string {
  return canBeWayBack(address) ? withQuery(url, 'next', address) : url
}

/** Where the router that answers this request is mounted, as a path of this site; `''` at its root. */
export function mountPath(req: Request): string {
  return prefixOf(req) + localPath(req.baseUrl).replace(/\/$/, '')
}

/**
 * An address as a path of this site: always with exactly one slash in front and no backslash or control character, so
 * that a browser cannot read it as another site.
 *
 * A request line may name any path or even another origin (`GET //evil.test/`, `GET http://evil.test/`, RFC 9112
 * §3.2.2).
 */
export function localPath(address: string): string {
  const withoutOrigin = (address === '*' ? '/' : address).replace(/^[a-z][a-z0-9+.-]*:\/\/[^/?#]*/i, '')
  const safe = withoutOrigin.replace(
    // eslint-disable-next-line no-control-regex -- the characters that browsers drop or fold when they read a URL
    /[\\\u0000-\u0020\u007f]/g,
    (character) => encodeURIComponent(character),
  )
  return '/' + safe.replace(/^\/+/, '')
}

/** Whether a text that came from outside can be followed as it is: a path of this site, and nothing else. */
export function isLocalPath(text: unknown): text is string {
  return typeof text === 'string' && text !== '' && text === localPath(text)
}
