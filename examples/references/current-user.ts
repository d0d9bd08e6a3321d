import type { NextFunction, Request, Response } from 'express'
import { HttpError } from './http-error.js'
import { User } from './models.js'

/** The logged-in user, guest or regular, as this application's model: Passport types `req.user` as an empty object. */
export function userOf(req: Request): User | undefined {
  return req.user instanceof User ? req.user : undefined
}

/** The same, behind `ensureUser` or a guard of the package. */
export function requireUser(req: Request): User {
  const user = userOf(req)
  if (user === undefined) throw new HttpError(401, 'This page requires a user.')
  return user
}

/** Admits guests and regular users; redirects other GET requests to the home page. */
export function ensureUser(req: Request, res: Response, next: NextFunction): void {
  if (userOf(req) !== undefined) next()
  else if (req.method === 'GET') res.redirect('/')
  else next(new HttpError(401, 'Your session has ended. Nothing was saved.'))
}

/** Logs a user in under a new session. */
export async function logIn(req: Request, user: User): Promise<void> {
  await new Promise<void>((resolve, reject) => {
    req.login(user, (error: unknown) => {
      if (error === undefined || error === null) resolve()
      else reject(error instanceof Error ? error : new Error('Logging in failed', { cause: error }))
    })
  })
}

/** Logs the user out, and leaves an empty session. */
export async function logOut(req: Request): Promise<void> {
  await new Promise<void>((resolve, reject) => {
    req.logout((error: unknown) => {
      if (error === undefined || error === null) resolve()
      else reject(error instanceof Error ? error : new Error('Logging out failed', { cause: error }))
    })
  })
}
