import { Router, type ErrorRequestHandler } from 'express'
import { AuthorizationResponseError, ClientError, ResponseBodyError } from 'openid-client'
import type passport from 'passport'
import { ensureRegularUser } from 'passport-ephemeral'
import { HttpError } from '../http-error.js'

/** The redirect to the provider, and the callback. */
export function signInRoutes(authenticator: passport.Authenticator): Router {
  const router = Router()

  // The provider asks for a login each time, because a computer may be shared.
  router.post('/sign-in', authenticator.authenticate('example-id', { prompt: 'login' }))

  router.get(
    '/sign-in/callback',
    authenticator.authenticate('example-id', { successRedirect: '/', failureRedirect: '/?sign-in-failed' }),
    explainRefusal,
  )

  router.post('/sign-out', ensureRegularUser, (req, res, next) => {
    req.logout((error: unknown) => {
      if (error) next(error)
      else res.redirect(303, '/')
    })
  })

  return router
}

/** A callback that does not belong to this session's last sign-in: old, forged, or of another tab. */
const explainRefusal: ErrorRequestHandler = (error: unknown, _req, _res, next) => {
  const isRefusal =
    error instanceof ClientError ||
    error instanceof AuthorizationResponseError ||
    error instanceof ResponseBodyError
  next(
    isRefusal
      ? new HttpError(400, 'Signing in did not work, and nothing was changed. Please try again.', {
          cause: error,
        })
      : error,
  )
}
