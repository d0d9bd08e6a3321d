import type { Request, RequestHandler } from 'express'
import { aLocalUrl, checkOptions } from '../options.js'
import { ownAddress } from '../http/own-address.js'
import { withQuery } from '../http/query.js'
import { prefersHtml } from '../http/redirect-or-error.js'
import { isGuest } from './guest-state.js'

/** Options of {@link guestLocals}. */
export interface GuestLocalsOptions {
  /** Where guests become regular users. @default '/convert' */
  convertUrl?: string
}

/** What {@link guestLocals} puts into `res.locals`. */
export interface GuestLocals {
  readonly isGuest: boolean
  readonly isVisitor: boolean
  /** The pass, of which JSON and templates show no secret. */
  readonly visitor: Express.Request['visitor']
  /** Where guests become regular users; from a page, with the way back to it. */
  readonly convertUrl: string
}

/** Whether there is a page to come back to, rather than data that a page has asked for. */
function isPage(req: Request): boolean {
  return req.method === 'GET' && prefersHtml(req)
}

/**
 * Tells templates who is looking: `isGuest`, `isVisitor`, `visitor` and `convertUrl` in `res.locals`. They are asked for
 * when the template is rendered, as `passport.authenticate('guest')` changes who somebody is in the middle of a request; so
 * this can stand anywhere before the routes. No query.
 *
 * @throws {TypeError} at start-up, naming the option that is wrong
 */
export function guestLocals(options: GuestLocalsOptions = {}): RequestHandler {
  checkOptions('guestLocals', options, { convertUrl: aLocalUrl })
  const { convertUrl = '/convert' } = options

  const guestLocalsMiddleware: RequestHandler = (req, res, next) => {
    const locals: { readonly [Name in keyof GuestLocals]: () => GuestLocals[Name] } = {
      isGuest: () => isGuest(req),
      isVisitor: () => req.visitor !== undefined,
      visitor: () => req.visitor,
      convertUrl: () => (isPage(req) ? withQuery(convertUrl, 'next', ownAddress(req)) : convertUrl),
    }
    for (const [name, get] of Object.entries(locals)) {
      Object.defineProperty(res.locals, name, { get, enumerable: true, configurable: true })
    }
    next()
  }
  return guestLocalsMiddleware
}
