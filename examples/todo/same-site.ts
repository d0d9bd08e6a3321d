import type { RequestHandler } from 'express'
import { CrossSiteRequest } from 'passport-ephemeral'
import { ApiError } from './errors.js'

/**
 * Refuses what another site sends in somebody's name. The session cookie is `SameSite=Lax`; this stops sister
 * subdomains as well, which count as the same site, and log-in forgery, which needs no cookie.
 *
 * Browsers say by themselves where a request comes from (`Sec-Fetch-Site`; where that is missing, as over plain HTTP,
 * `Origin`), and no page can make them lie. What says neither is no browser, and has no cookies to abuse.
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

/** The API takes JSON and nothing else: a form of another site cannot send it, and its script would have to ask first. */
export const jsonOnly: RequestHandler = (req, _res, next) => {
  if (req.is('application/json') !== false) next()
  else next(new ApiError(415, 'ERR_JSON_ONLY', 'Send application/json.'))
}
