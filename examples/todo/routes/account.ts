import { Router, type Request, type RequestHandler, type Response } from 'express'
import type passport from 'passport'
import { convertRouter, guestLogout, guestOf, type GuestLocals, type Limiter } from 'passport-ephemeral'
import { userOf } from '../current-user.js'
import { ApiError } from '../errors.js'
import { User, type Models } from '../models.js'
import { hashPassword } from '../password.js'

/** The current user and the login, for the page's script. */
export function accountApi(authenticator: passport.Authenticator): Router {
  const router = Router()

  router.get('/me', (req, res) => {
    res.json(whoIs(req, res))
  })

  router.post('/login', (req, res, next) => {
    const logIn = (error: unknown, user: unknown): void => {
      if (error) next(error)
      else if (!(user instanceof User)) next(new ApiError(401, 'ERR_LOGIN_FAILED', WRONG))
      else {
        // `mergeGuest` runs inside: a guest's list moves to the account.
        req.login(user, (failure: unknown) => {
          if (failure) next(failure)
          else res.json(whoIs(req, res))
        })
      }
    }
    const check = authenticator.authenticate('local', logIn) as RequestHandler
    void check(req, res, next)
  })

  return router
}

const WRONG = 'The username or the password is wrong.'

/**
 * The package's pages for conversion and logout.
 *
 * @param limiter limits posts of the form, because each one hashes a password
 */
export function accountPages({ Guest }: Models, limiter: Limiter): Router {
  const router = Router()
  router.use('/convert', convertRouter({ Guest, hashPassword, limiter }))

  // Asks a guest for confirmation: a guest cannot log in again, so the list would be lost. Only writing a to-do creates
  // a guest here, so no redirect loop is possible, and a new guest may be created immediately.
  router.use('/logout', guestLogout({ convertUrl: '/convert?next=/', noGuestFor: 0 }))
  router.post('/logout', (req, res, next) => {
    req.logout((error: unknown) => {
      if (error) next(error)
      else res.redirect(303, '/')
    })
  })
  router.get('/logout', (_req, res) => {
    res.redirect('/') // anonymous, or a regular user who typed the address: only the button logs out
  })

  return router
}

/** The user as the page's header shows it. Needs no query: the session is already restored. */
interface Who {
  readonly kind: 'anonymous' | 'guest' | 'regular'
  readonly name: string | undefined
  /** The expiry of a guest. */
  readonly keptUntil: Date | undefined
}

function whoIs(req: Request, res: Response): Who {
  const { isGuest } = res.locals as GuestLocals
  const user = userOf(req)
  return {
    kind: user === undefined ? 'anonymous' : isGuest ? 'guest' : 'regular',
    name: user?.username,
    keptUntil: guestOf(req)?.expiresAt,
  }
}
