import type { Request, RequestHandler } from 'express'
import { aLocalUrl, checkOptions } from '../options.js'
import { ownAddress, withWayBack } from '../http/address.js'
import { publicUrl } from '../http/base-url.js'
import { prefersHtml } from '../http/answer.js'
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

/** Whether there is a page to come back to: data that a page fetches is none. */
function isPage(req: Request): boolean {
  return req.method === 'GET' && prefersHtml(req)
}

/**
 * Puts `isGuest`, `isVisitor`, `visitor` and `convertUrl` into `res.locals`, for templates. They are getters, computed when
 * the template is rendered, because `passport.authenticate('guest')` changes the user in the middle of a request. So this
 * can be mounted anywhere before the routes. No query.
 *
 * @example
 * app.use(guestLocals({ convertUrl: '/join' }))
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
      convertUrl() {
        const url = publicUrl(req, convertUrl)
        return isPage(req) ? withWayBack(url, ownAddress(req)) : url
      },
    }
    for (const [name, get] of Object.entries(locals)) {
      Object.defineProperty(res.locals, name, { get, enumerable: true, configurable: true })
    }
    next()
  }
  return guestLocalsMiddleware
}
