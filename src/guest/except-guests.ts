import type { RequestHandler } from 'express'
import { InvalidOption } from '../invalid-option.js'
import { isGuest } from './guest-state.js'

/**
 * Runs a middleware for every request but a guest's: one that asks for consent to the terms of service, for example,
 * which a guest cannot give. An anonymous request is not a guest's. No query.
 *
 * @example
 * app.use(exceptGuests(requireConsent))
 *
 * @throws {TypeError} at start-up, if it is not given a middleware
 */
export function exceptGuests(middleware: RequestHandler): RequestHandler {
  if (typeof middleware !== 'function')
    throw new InvalidOption('exceptGuests: the argument must be a middleware function')
  const unlessGuest: RequestHandler = (req, res, next) => {
    if (!isGuest(req)) return middleware(req, res, next)
    next()
  }
  return unlessGuest
}
