import type { Request } from 'express'
import { localPath } from './local-path.js'
import { withoutQuery } from './query.js'

const credentialParameters = new WeakMap<Request, Set<string>>()

/** Remembers that this request's address carries a credential, so that no address made from it repeats it. */
export function hideFromAddress(req: Request, parameter: string): void {
  credentialParameters.set(req, (credentialParameters.get(req) ?? new Set()).add(parameter))
}

/** Where this request was sent, as a path of this site with its query, fit for `Location` and for `?next=`. */
export function ownAddress(req: Request): string {
  const parameters = [...(credentialParameters.get(req) ?? [])]
  return localPath(parameters.reduce(withoutQuery, req.originalUrl))
}

/** Where the router that answers this request is mounted, as a path of this site; `''` at its root. */
export function mountPath(req: Request): string {
  return localPath(req.baseUrl).replace(/\/$/, '')
}
