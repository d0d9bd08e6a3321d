import { Router, type Request, type RequestHandler, type Response } from 'express'
import passport from 'passport'
import { UniqueConstraintError } from 'sequelize'
import { endVisit, ensureGuest, ensureRegularUser, guestLogout } from 'passport-ephemeral'
import type { Context } from '../app.js'
import { logIn, logOut, requireUser } from '../current-user.js'
import { checkLength, collectErrors, localPath, readForm, readPassword, type Errors } from '../forms.js'
import { User } from '../models.js'
import { hashPassword, PASSWORD_LENGTH } from '../password.js'

const AFTER_LOGIN = '/requests'

/** Conversion, login and logout. */
export function accountRoutes({ models: { Guest } }: Context): Router {
  const router = Router()

  router.use('/convert', ensureGuest({ registeredUrl: AFTER_LOGIN }))

  router.get('/convert', (req, res) => {
    res.render('account/convert', { values: {}, errors: {}, next: localPath(req.query['next'], AFTER_LOGIN) })
  })

  router.post('/convert', async (req, res) => {
    const { username, next } = readForm(req, ['username', 'next'])
    const password = readPassword(req)
    const target = localPath(next, AFTER_LOGIN)
    const refuse = (errors: Errors<'username' | 'password'>): void => {
      res.status(422).render('account/convert', { values: { username }, errors, next: target })
    }
    const errors = collectErrors({
      username: checkUsername(username),
      password: checkLength(password, PASSWORD_LENGTH),
    })
    if (errors !== undefined) {
      refuse(errors)
      return
    }
    try {
      const passwordHash = await hashPassword(password)
      const user = await Guest.convert(requireUser(req).id, { username, passwordHash })
      await logIn(req, user) // the guest's session has ended
      res.redirect(303, target)
    } catch (error) {
      if (!(error instanceof UniqueConstraintError)) throw error
      refuse({ username: 'This name is taken' })
    }
  })

  router.get('/login', (req, res) => {
    res.render('account/login', {
      values: {},
      failed: false,
      next: localPath(req.query['next'], AFTER_LOGIN),
    })
  })

  router.post('/login', async (req, res) => {
    const { username, next } = readForm(req, ['username', 'next'])
    const target = localPath(next, AFTER_LOGIN)
    const user = await checkPassword(req, res)
    if (user === undefined) {
      res.status(422).render('account/login', { values: { username }, failed: true, next: target })
      return
    }
    await logIn(req, user)
    res.redirect(303, target)
  })

  // A guest's logout needs `confirm=yes`, because it deletes everything: the form of the home page has asked and sends
  // it.
  router.post('/logout', guestLogout({ deleteNow: true }), async (req, res) => {
    await logOut(req)
    res.redirect(303, '/')
  })

  // Ends the visit early; the link stays valid.
  router.post('/leave', async (req, res) => {
    await endVisit(req)
    res.redirect(303, '/')
  })

  router.get('/members', ensureRegularUser, (_req, res) => {
    res.render('members')
  })

  return router
}

/** Runs the 'local' strategy without a login, so that a failure can show the form again. */
function checkPassword(req: Request, res: Response): Promise<User | undefined> {
  return new Promise((resolve, reject) => {
    const check = passport.authenticate('local', (error: Error | null, user: unknown) => {
      if (error !== null) reject(error)
      else resolve(user instanceof User ? user : undefined)
    }) as RequestHandler
    void check(req, res, reject)
  })
}

function checkUsername(username: string): string | undefined {
  return (
    checkLength(username, { min: 3, max: 30 }) ??
    (/^[\p{L}\p{N}._-]+$/u.test(username) ? undefined : 'Letters, digits, dots, hyphens and underscores only')
  )
}
