import type { Request } from 'express'

/**
 * Whether nobody is looking: a HEAD request, a preflight, or a browser fetching ahead of a click. Such a request must neither use
 * a link up nor make a user.
 *
 * `Sec-Purpose` is the Fetch standard's header; `Purpose`, `X-Purpose` and `X-Moz` are what older Chromium, Safari
 * and Firefox send.
 */
export function isSpeculative(req: Request): boolean {
  if (req.method === 'HEAD' || req.method === 'OPTIONS') return true
  return ['sec-purpose', 'purpose', 'x-purpose', 'x-moz'].some((name) =>
    /prefetch|preview|prerender/i.test(req.get(name) ?? ''),
  )
}
