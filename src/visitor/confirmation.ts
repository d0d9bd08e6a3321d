import { createHash, randomBytes } from 'node:crypto'
import { parse } from 'cookie'
import type { Request, Response } from 'express'
import { isCrossSite } from '../http/origin.js'
import type { Confirmation } from './statements.js'

/** Tells the browser to which the button was shown from others. It opens nothing: without the token it says nothing. */
const COOKIE = 'visitor-confirmation'

/** Seconds between showing the button and pressing it. */
const LIFETIME = 60 * 60

/**
 * Marks the browser to which the button is shown. Of two clicks, a browser takes the answer to the second; without the
 * mark, that click would find the link used up by the first one, whose session nobody got.
 */
export function offerConfirmation(req: Request, res: Response): void {
  // The same for all its tabs: a page that is opened between two clicks must not tell them apart.
  res.cookie(COOKIE, markOf(req) ?? randomBytes(16).toString('base64url'), {
    httpOnly: true,
    sameSite: 'lax',
    secure: req.secure,
    maxAge: LIFETIME * 1000,
  })
}

/** That a person pressed the button, as far as a request can tell. */
export function confirmationOf(req: Request): Confirmation | undefined {
  if (req.method !== 'POST' || isCrossSite(req)) return undefined
  const mark = markOf(req)
  // Over plain HTTP this is how our own page posts, which has set the mark, and how others can, which have not.
  const hasOpaqueOrigin = req.get('sec-fetch-site') === undefined && req.get('origin') === 'null'
  if (hasOpaqueOrigin && mark === undefined) return undefined
  return { by: mark === undefined ? undefined : createHash('sha256').update(mark).digest('base64url') }
}

/** What the browser was given; nothing that somebody else has put there. */
function markOf(req: Request): string | undefined {
  const mark = parse(req.headers.cookie ?? '')[COOKIE]
  return mark !== undefined && /^[\w-]{22}$/.test(mark) ? mark : undefined
}
