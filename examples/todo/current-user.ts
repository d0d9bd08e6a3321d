import type { Request } from 'express'
import { ApiError } from './errors.js'
import { User } from './models.js'

/** The logged-in user, guest or regular, as this application's model: Passport types `req.user` as an empty object. */
export function userOf(req: Request): User | undefined {
  return req.user instanceof User ? req.user : undefined
}

/** The same, where a user is required. */
export function requireUser(req: Request): User {
  const user = userOf(req)
  if (user === undefined) {
    throw new ApiError(401, 'ERR_NOT_LOGGED_IN', 'You are not logged in. Reload the page, or log in.')
  }
  return user
}
