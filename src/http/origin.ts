import type { Request } from 'express'
import { isbot } from 'isbot'
import { CrossSiteRequest } from '../errors.js'
import { strings, type Rule } from '../options.js'
import { publicOrigin } from './base-url.js'
import { forwardedHeader, header } from './headers.js'
import { isSessionNew, sessionOf } from './session.js'

/** Origins that belong to this application beyond the request's own `Host` and that of `baseUrl`. */
export interface OwnOrigins {
  /** The option of that name: origins of other sites whose requests are treated as the application's own. */
  readonly trustedOrigins?: readonly string[] | undefined
}

/** The rule for every option `trustedOrigins`. */
export const trustedOriginsRule: Rule = {
  expected: 'an array of origins, such as https://login.example.com',
  test: (value) =>
    strings.test(value) &&
    (value as readonly string[]).every((origin) => URL.canParse(origin) && new URL(origin).origin === origin),
}

/**
 * For requests to the application's own addresses, which other sites may link to: those that make a guest, redeem a token, log in. For
 * forms of this package see {@link refuseCrossSite}.
 *
 * Whether a foreign site makes the browser send this request: by a form, a script, a frame, an image. A followed link (a
 * top-level `GET` navigation) is not that, nor is a request of the same site.
 *
 * Browsers declare the source of a request in `Sec-Fetch-Site` (Fetch Metadata), which no page can set. Where it is
 * missing, as over plain HTTP, `Origin` decides; there a sister subdomain counts as foreign, because the registrable
 * domain is unknown. A request with neither header comes from no browser, or is a followed link.
 */
export function isForeign(req: Request, own: OwnOrigins = {}): boolean {
  const site = header(req, 'sec-fetch-site')
  if (site === undefined) return !hasOwnOrigin(req, own) || isForeignResource(req, own)
  if (['same-origin', 'same-site', 'none'].includes(site)) return isWithinForeignPage(req)
  return !isTrusted(req, own) && !isFollowedLink(req)
}

/**
 * Whether a page of this site, in a frame of a foreign one, sends this. Chromium names the access of such a frame to its cookies
 * (Storage Access API), and nothing in a page of one's own. Only a `SameSite=None` cookie can be sent from there, and kept: where
 * the browser admits third-party cookies, or keeps them for each site apart (`Partitioned`).
 */
function isWithinForeignPage(req: Request): boolean {
  const access = header(req, 'sec-fetch-storage-access')
  const { sameSite, partitioned } = sessionOf(req)?.cookie ?? {}
  return access !== undefined && !(sameSite === 'none' && (access === 'active' || partitioned === true))
}

/**
 * Whether a page of another site, by the `Referer`, shows an image of this one, or runs its script. Browsers ask for a page by
 * `text/html`, and for nothing else.
 */
function isForeignResource(req: Request, own: OwnOrigins): boolean {
  const referer = header(req, 'referer')
  const asksForPage = /text\/html/i.test(header(req, 'accept') ?? 'text/html')
  return referer !== undefined && !asksForPage && !isOwnAddress(req, referer, own)
}

/**
 * For forms of this package, wherever one is posted; the flows do so in `requireSameSite` of `pages/flow.ts`.
 *
 * Refuses a form of ours that another page has posted. Stricter than {@link isForeign}: our forms are shown by this origin
 * only, and they change accounts, so a sister subdomain has to be named in `trustedOrigins`.
 *
 * @throws {CrossSiteRequest}
 */
export function refuseCrossSite(req: Request, own: OwnOrigins = {}): void {
  const site = header(req, 'sec-fetch-site')
  const isOwn = site === undefined ? hasOwnOrigin(req, own) : site === 'same-origin' || site === 'none'
  if (!isOwn && !isTrusted(req, own)) throw new CrossSiteRequest(hasOpaqueOrigin(req))
}

/**
 * The `Referrer-Policy` of every page with a form of ours. With `no-referrer`, as helmet sets it, browsers post the form with
 * `Origin: null`, as sandboxed pages of foreign sites do; over plain HTTP nothing else would tell the two apart. Links and
 * forms disclose the origin, and never the address, which may be a credential.
 */
export const OUR_REFERRER_POLICY = 'strict-origin'

/**
 * Whether no user is waiting for the answer: a HEAD request, a preflight, or a browser that fetches ahead of a click.
 *
 * `Sec-Purpose` is the Fetch standard's header; `Purpose`, `X-Purpose` and `X-Moz` are what older Chromium, Safari
 * and Firefox send.
 */
export function isSpeculative(req: Request): boolean {
  return req.method === 'HEAD' || req.method === 'OPTIONS' || isPrefetch(req)
}

/** Whether a browser fetches ahead of a click: it may show this answer when the user follows the link. */
export function isPrefetch(req: Request): boolean {
  return ['sec-purpose', 'purpose', 'x-purpose', 'x-moz'].some((name) =>
    /prefetch|preview|prerender/i.test(header(req, name) ?? ''),
  )
}

/** Office programs look at a link before they have the browser open it; `isbot` does not list them. */
const OFFICE = /\bms-?office\b/i

/** Whether a crawler, a link preview or another program sent this, by its `User-Agent`; browsers always send one. */
export function hasBotAgent(req: Request): boolean {
  const agent = header(req, 'user-agent') ?? ''
  return agent.trim() === '' || isbot(agent) || OFFICE.test(agent)
}

/** Whether a browser sent this and the headers do not show from where: `Origin: null`, and no Fetch Metadata. */
export function hasOpaqueOrigin(req: Request): boolean {
  return header(req, 'sec-fetch-site') === undefined && header(req, 'origin') === 'null'
}

/**
 * Whether a link of another site was followed to here, and the session's cookie is `SameSite=Strict`: browsers do not send it with
 * that request, so the user may well have a session, which a new one would replace. Not so for the request that follows
 * `returnSameSite`, which has a `Referer` of this host, whatever else a browser says of it.
 */
export function leftStrictCookieAtHome(req: Request): boolean {
  const sameSite = sessionOf(req)?.cookie?.sameSite
  if (sameSite !== true && sameSite !== 'strict') return false
  if (header(req, 'sec-fetch-site') !== 'cross-site' || req.method !== 'GET') return false
  const isOwn = isOwnAddress(req, header(req, 'referer') ?? '', {})
  return !isOwn && isFollowedLink(req) && isSessionNew(req)
}

/** Frames are navigated too; only `document` replaces the page that the user looks at. */
function isFollowedLink(req: Request): boolean {
  const mode = header(req, 'sec-fetch-mode') ?? 'navigate'
  const destination = header(req, 'sec-fetch-dest') ?? 'document'
  return ['GET', 'HEAD'].includes(req.method) && mode === 'navigate' && destination === 'document'
}

/** Whether `Origin`, where there is one, names this application. */
function hasOwnOrigin(req: Request, own: OwnOrigins): boolean {
  const origin = header(req, 'origin')
  return origin === undefined || isOwnAddress(req, origin, own)
}

/** Whether an address or origin is on a host of this application, or on a trusted one. */
function isOwnAddress(req: Request, address: string, { trustedOrigins = [] }: OwnOrigins): boolean {
  if (!URL.canParse(address)) return false
  const { host, origin } = new URL(address)
  return hostsOf(req).includes(host) || trustedOrigins.includes(origin) || publicOrigin(req) === origin
}

/** A proxy may have changed `Host`: the origin of `baseUrl` is the application's own. */
function isTrusted(req: Request, { trustedOrigins = [] }: OwnOrigins): boolean {
  const origin = header(req, 'origin')
  if (origin === undefined || origin === 'null') return false
  return trustedOrigins.includes(origin) || publicOrigin(req) === origin
}

/** The request's own hosts: `Host`, and what a trusted proxy has noted of the original one. */
function hostsOf(req: Request): string[] {
  return [header(req, 'host'), forwardedHeader(req, 'x-forwarded-host')].filter((host) => host !== undefined)
}
