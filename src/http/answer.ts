import type { NextFunction, Request, RequestHandler, Response } from 'express'
import { explainMissingTable } from '../database/driver-error.js'
import type { EphemeralError } from '../errors.js'
import { ownAddress, withWayBack } from './address.js'

/** Where a guard sends a person, and what it tells a program. */
export interface Refusal {
  /** Where to send a person. */
  readonly url: string
  /** Whether to add `?next=` with the way back, unless it is too long. */
  readonly comeBack: boolean
  /** Whether a form that a person posts is redirected as well, rather than answered by the error. @default false */
  readonly formsToo?: boolean
  /** What anything but a person's browser gets, through `next`. */
  readonly error: EphemeralError
}

/**
 * Turns a request away: a GET that prefers HTML is redirected, anything else (a form post, `fetch`, an API client)
 * gets the error, because a program that follows a redirect to a login page takes that page for its answer.
 */
export function redirectOrError(req: Request, res: Response, next: NextFunction, refusal: Refusal): void {
  const mayRedirect = isRead(req) || refusal.formsToo === true
  if (!mayRedirect || !prefersHtml(req)) {
    next(refusal.error)
    return
  }
  const target = refusal.comeBack ? withWayBack(refusal.url, ownAddress(req)) : refusal.url
  res
    .set('Cache-Control', 'no-store')
    .vary('Accept')
    .redirect(isRead(req) ? 302 : 303, target)
}

function isRead(req: Request): boolean {
  return req.method === 'GET' || req.method === 'HEAD'
}

/**
 * Whether a person's browser asks: a navigation names `text/html`; `*\/*`, which programs send, prefers nothing. The
 * handshake of a WebSocket has no `req.accepts`.
 */
export function prefersHtml(req: Request): boolean {
  return (req as Partial<Request>).accepts?.(['json', 'html']) === 'html'
}

/** A handler of what answers by a promise: Express 4 does not look at what a handler returns. */
export function handled(
  answer: (req: Request, res: Response, next: NextFunction) => Promise<void>,
): RequestHandler {
  return function handler(req, res, next) {
    answer(req, res, next).catch((error: unknown) => {
      next(explainMissingTable(error))
    })
  }
}

/** Whether the client has closed the connection before it had the whole answer: browsers do so when a button is pressed again. */
export function hasGoneAway({ res }: Request): boolean {
  return res !== undefined && res.destroyed && !res.writableFinished
}
