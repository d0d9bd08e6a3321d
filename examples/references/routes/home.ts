import { Router } from 'express'
import type { Context } from '../app.js'
import { userOf } from '../current-user.js'

/** The landing page: who you are to this application right now, and by which row. */
export function homeRoutes({ models: { Guest } }: Context): Router {
  const router = Router()

  router.get('/', async (req, res) => {
    const user = userOf(req)
    res.render('home', {
      user,
      guest: user === undefined ? null : await Guest.findByPk(user.id),
      visitor: req.visitor,
    })
  })

  return router
}
