import type { RequestHandler } from 'express'
import { isGuest } from './guest-state.js'

/**
 * Runs a middleware for everyone but guests: a gate that asks for consent to terms of service, say, which nobody can give
 * who has not registered. Anonymous people are no guests. No query.
 *
 * @throws {TypeError} at start-up, if it is not given a middleware
 */
export function exceptGuests(middleware: RequestHandler): RequestHandler {
  if (typeof middleware !== 'function') throw new TypeError('exceptGuests: give it a middleware')
  const unlessGuest: RequestHandler = (req, res, next) => {
    if (!isGuest(req)) return middleware(req, res, next)
    next()
  }
  return unlessGuest
}
