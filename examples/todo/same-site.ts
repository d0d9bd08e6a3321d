import type { RequestHandler } from 'express'
import { CrossSiteRequest } from 'passport-ephemeral'
import { ApiError } from './errors.js'

/**
 * Refuses writes that another site sends. The session cookie is `SameSite=Lax`; this check also stops other subdomains,
 * which count as the same site, and login forgery, which needs no cookie.
 *
 * Browsers send the origin of a request in `Sec-Fetch-Site`, or over plain HTTP in `Origin`, and no page can change it.
 * A client that sends neither is no browser and has no cookies to abuse.
 */
export const refuseCrossSiteWrites: RequestHandler = (req, _res, next) => {
  if (['GET', 'HEAD', 'OPTIONS'].includes(req.method)) next()
  else if (comesFromHere(req.get('sec-fetch-site'), req.get('origin'), req.get('host'))) next()
  else next(new CrossSiteRequest())
}

function comesFromHere(site?: string, origin?: string, host?: string): boolean {
  if (site !== undefined) return site === 'same-origin' || site === 'none'
  return origin === undefined || (URL.canParse(origin) && new URL(origin).host === host)
}

/** The API accepts JSON only: another site's form cannot send it, and its script needs a CORS preflight. */
export const jsonOnly: RequestHandler = (req, _res, next) => {
  if (req.is('application/json') !== false) next()
  else next(new ApiError(415, 'ERR_JSON_ONLY', 'Send application/json.'))
}
