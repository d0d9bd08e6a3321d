import { Router, type Request, type RequestHandler, type Response } from 'express'
import type passport from 'passport'
import { convertRouter, guestLogout, guestOf, type GuestLocals, type Limiter } from 'passport-ephemeral'
import { userOf } from '../current-user.js'
import { ApiError } from '../errors.js'
import { User, type Models } from '../models.js'
import { hashPassword } from '../password.js'

/** Who somebody is, and the ways in and out, for the script in the page. */
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
        // `mergeGuest` is in here: if it is a guest who logs in, the list goes along.
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

const WRONG = 'This username and this password do not belong together.'

/**
 * The package's pages: saving the list, and leaving.
 *
 * @param limiter how often somebody may send the form: each time a password is hashed
 */
export function accountPages({ Guest }: Models, limiter: Limiter): Router {
  const router = Router()
  router.use('/convert', convertRouter({ Guest, hashPassword, limiter }))

  // Asks a guest whether they mean it: nobody can log in as a guest again, and the list would be lost. Nothing but a line
  // that somebody types makes a guest here, so there is no loop to break, and whoever has left can begin anew at once.
  router.use('/logout', guestLogout({ convertUrl: '/convert?next=/', noGuestFor: 0 }))
  router.post('/logout', (req, res, next) => {
    req.logout((error: unknown) => {
      if (error) next(error)
      else res.redirect(303, '/')
    })
  })
  router.get('/logout', (_req, res) => {
    res.redirect('/') // nobody, or a regular user who typed the address: logging out takes the button
  })

  return router
}

/** What the page's header shows. No query: the session has been restored by now. */
interface Who {
  readonly kind: 'anonymous' | 'guest' | 'regular'
  readonly name: string | undefined
  /** Until when a guest's list is kept. */
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
