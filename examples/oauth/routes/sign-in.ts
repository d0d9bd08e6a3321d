import { Router, type ErrorRequestHandler } from 'express'
import { AuthorizationResponseError, ClientError, ResponseBodyError } from 'openid-client'
import type passport from 'passport'
import { ensureRegularUser } from 'passport-ephemeral'
import { HttpError } from '../http-error.js'

/** To the provider, and back from it. */
export function signInRoutes(authenticator: passport.Authenticator): Router {
  const router = Router()

  // They are asked to log in there each time. Whoever sits at a shared computer after somebody else is not them.
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

/** An answer that is not the provider's to a question of this session: old, forged, or meant for another tab. */
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
