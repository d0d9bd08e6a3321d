import type { Request } from 'express'
import { withoutQuery } from './query.js'

const credentialParameters = new WeakMap<Request, Set<string>>()

/** Remembers that this request's address carries a credential, so that no address made from it repeats it. */
export function hideFromAddress(req: Request, parameter: string): void {
  credentialParameters.set(req, (credentialParameters.get(req) ?? new Set()).add(parameter))
}

/**
 * Where this request was sent, as a path of this site with its query, fit for `Location` and for `?next=`.
 *
 * A request line may name any path or even another origin (`GET //evil.test/`, `GET http://evil.test/`, RFC 9112
 * §3.2.2); what comes out always starts with exactly one slash and holds no backslash or control character, so
 * that a browser cannot read it as another site.
 */
export function ownAddress(req: Request): string {
  const parameters = [...(credentialParameters.get(req) ?? [])]
  return localPath(parameters.reduce(withoutQuery, req.originalUrl))
}

function localPath(address: string): string {
  const withoutOrigin = address.replace(/^[a-z][a-z0-9+.-]*:\/\/[^/?#]*/i, '')
  const safe = withoutOrigin.replace(
    // eslint-disable-next-line no-control-regex -- the characters that browsers drop or fold when they read a URL
    /[\\\u0000-\u0020\u007f]/g,
    (character) => encodeURIComponent(character),
  )
  return '/' + safe.replace(/^\/+/, '')
}
