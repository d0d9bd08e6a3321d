import type { NextFunction, Request, Response } from 'express'
import { HttpError } from './http-error.js'

/**
 * Refuses a form that another site sent. Otherwise that site could start a sign-in at a provider where it has logged
 * the browser in with its own account, and so add that account to the user's.
 */
export function refuseCrossSitePosts(req: Request, _res: Response, next: NextFunction): void {
  if (['GET', 'HEAD', 'OPTIONS'].includes(req.method) || comesFromHere(req)) next()
  else
    next(new HttpError(403, 'This form was sent from another site. Please open the page here and try again.'))
}

/**
 * Browsers send these headers, and no page can change them. A client that sends neither is no browser and has no
 * cookies to abuse.
 */
function comesFromHere(req: Request): boolean {
  const site = req.get('sec-fetch-site')
  if (site !== undefined) return site === 'same-origin' || site === 'none'
  const origin = req.get('origin')
  if (origin === undefined) return true
  return URL.canParse(origin) && new URL(origin).host === req.get('host')
}
