import type { Request } from 'express'
import { ApiError } from './errors.js'
import { User } from './models.js'

/** Whoever is logged in, guest or regular, as this application's model: Passport types `req.user` as an empty object. */
export function userOf(req: Request): User | undefined {
  return req.user instanceof User ? req.user : undefined
}

/** The same, where nobody will not do. */
export function requireUser(req: Request): User {
  const user = userOf(req)
  if (user === undefined) {
    throw new ApiError(401, 'ERR_NOBODY', 'There is no list of yours here. Reload the page, or log in.')
  }
  return user
}
