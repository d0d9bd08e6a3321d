import type { Request } from 'express'
import { CrossSiteRequest } from '../errors.js'

/**
 * Whether another site sent this request in somebody's name. Browsers say by themselves where a request comes from
 * (`Sec-Fetch-Site`, Fetch Metadata; where that is missing, as over plain HTTP, `Origin`), and no page can make them lie.
 * What says neither is no browser, and has no cookies to abuse. A sister subdomain is another site here.
 *
 * An `Origin` of `null` tells nothing: it is also what a page of ours that says `Referrer-Policy: no-referrer` sends.
 *
 * @param ownOrigins origins of this site beyond the request's own `Host`, which a proxy may have changed
 */
export function isCrossSite(req: Request, ownOrigins: readonly string[] = []): boolean {
  const site = req.get('sec-fetch-site')
  if (site !== undefined) return site !== 'same-origin' && site !== 'none'
  const origin = req.get('origin')
  if (origin === undefined || origin === 'null' || ownOrigins.includes(origin)) return false
  return !URL.canParse(origin) || new URL(origin).host !== req.get('host')
}

/**
 * Whether another site makes a browser send this without its person's going there: by a form, a script, a frame, an image.
 * What is left is a link that is followed. (A script's simple request is carried out before anybody asks whether it may.)
 */
export function isCrossSiteNonNavigation(req: Request): boolean {
  if (!isCrossSite(req)) return false
  if (req.get('sec-fetch-site') === undefined) return true // a link that is followed has no Origin
  const [mode = 'navigate', destination = 'document'] = [req.get('sec-fetch-mode'), req.get('sec-fetch-dest')]
  return req.method !== 'GET' || mode !== 'navigate' || destination !== 'document'
}

/**
 * Refuses a form that another site sent in somebody's name, and one of which nobody can tell.
 *
 * @throws {CrossSiteRequest}
 */
export function refuseCrossSite(req: Request, ownOrigins: readonly string[] = []): void {
  if (hasOpaqueOrigin(req) || isCrossSite(req, ownOrigins)) throw new CrossSiteRequest()
}

/** Whether a browser sent this and nobody can tell from where: pages can have it say `Origin: null`, those of other sites too. */
export function hasOpaqueOrigin(req: Request): boolean {
  return req.get('sec-fetch-site') === undefined && req.get('origin') === 'null'
}
