import { Router } from 'express'
import { guestOf } from 'passport-ephemeral'
import { userOf } from '../current-user.js'

/** The home page: shows the current user and visitor, and their rows. Needs no query. */
export function homeRoutes(): Router {
  const router = Router()

  router.get('/', (req, res) => {
    res.render('home', { user: userOf(req), guest: guestOf(req) ?? null, visitor: req.visitor })
  })

  return router
}
