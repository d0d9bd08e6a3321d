import type { Response } from 'express'
import onHeaders from 'on-headers'
import { OUR_REFERRER_POLICY } from './origin.js'

/** Responses that are watched already: a guard and a strategy can ask for the same. */
const watched = new WeakSet<Response>()

/**
 * Keeps an answer that begins a session, or depends on who asks, out of shared caches (RFC 9111 §5.2.2.7), whatever the
 * handler has set. Its header is changed when headers go out; a browser's own cache may keep the answer as before.
 */
export function keepOutOfSharedCaches(res: Response | undefined): void {
  if (res === undefined || watched.has(res)) return
  watched.add(res)
  onHeaders(res, () => {
    const directives = [res.getHeader('Cache-Control') ?? []].flat().join(',').split(',')
    const kept = directives
      .map((directive) => directive.trim())
      .filter(
        (directive) => directive !== '' && !/^(public|private|s-maxage|proxy-revalidate)\b/i.test(directive),
      )
    if (!kept.some((directive) => /^no-store$/i.test(directive))) kept.unshift('private')
    res.setHeader('Cache-Control', kept.join(', '))
    removeCacheHeadersOfProxies(res)
  })
}

/** Keeps an answer out of every cache, the browser's own included, whatever the handler has set (RFC 9111 §5.2.2.5). */
export function forbidStoring(res: Response): void {
  onHeaders(res, () => {
    res.setHeader('Cache-Control', 'no-store')
    removeCacheHeadersOfProxies(res)
  })
}

/**
 * For an answer to an address that bears a token: no cache keeps it, and no link out of its page tells others the address. Set
 * last, whatever the handler has set, but for a page of ours.
 */
export function keepTokenPrivate(res: Response): void {
  forbidStoring(res)
  onHeaders(res, () => {
    if (res.getHeader('Referrer-Policy') !== OUR_REFERRER_POLICY)
      res.setHeader('Referrer-Policy', 'no-referrer')
  })
}

function removeCacheHeadersOfProxies(res: Response): void {
  for (const name of ['CDN-Cache-Control', 'Surrogate-Control']) res.removeHeader(name)
}
