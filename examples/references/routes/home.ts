import { Router } from 'express'
import { guestOf } from 'passport-ephemeral'
import { userOf } from '../current-user.js'

/** The landing page: who you are to this application right now, and by which row. No query of its own. */
export function homeRoutes(): Router {
  const router = Router()

  router.get('/', (req, res) => {
    res.render('home', { user: userOf(req), guest: guestOf(req) ?? null, visitor: req.visitor })
  })

  return router
}
