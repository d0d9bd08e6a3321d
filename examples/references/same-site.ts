import type { NextFunction, Request, Response } from 'express'
import { HttpError } from './http-error.js'

/**
 * Refuses a form that another site sent in somebody's name. The session cookie is `SameSite=Lax`, so browsers do not
 * send it along with such a post in the first place; this also stops sister subdomains, which count as the same site,
 * and log-in forgery, which needs no cookie.
 *
 * Browsers say by themselves where a request comes from (`Sec-Fetch-Site`; where that is missing, as over plain HTTP,
 * `Origin`), and no page can make them lie. What says neither is no browser, and has no cookies to abuse.
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
