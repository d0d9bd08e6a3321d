import type { NextFunction, Request, Response } from 'express'
import { HttpError } from './http-error.js'

/**
 * Refuses a form that another site sent. The session cookie is `SameSite=Lax`, so browsers do not send it with such a
 * post. This check also stops other subdomains, which count as the same site, and login forgery, which needs no cookie.
 *
 * Browsers send the origin of a request in `Sec-Fetch-Site`, or over plain HTTP in `Origin`, and no page can change it.
 * A client that sends neither is no browser and has no cookies to abuse.
 */
export function refuseCrossSitePosts(req: Request, _res: Response, next: NextFunction): void {
  if (['GET', 'HEAD', 'OPTIONS'].includes(req.method) || comesFromHere(req)) next()
  else
    next(new HttpError(403, 'This form was sent from another site. Please open the page here and try again.'))
}

function comesFromHere(req: Request): boolean {
  const site = req.get('sec-fetch-site')
  if (site !== undefined) return site === 'same-origin' || site === 'none'
  const origin = req.get('origin')
  if (origin === undefined) return true
  return URL.canParse(origin) && new URL(origin).host === req.get('host')
}
