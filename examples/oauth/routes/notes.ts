import { Router } from 'express'
import type passport from 'passport'
import { Note, NOTE_LENGTH, User } from '../models.js'
import { HttpError } from '../http-error.js'

/** The user's notes. */
export function noteRoutes(authenticator: passport.Authenticator): Router {
  const router = Router()

  router.get('/', async (req, res) => {
    const user = req.user instanceof User ? req.user : undefined
    const notes = user === undefined ? [] : await Note.findAll({ where: { userId: user.id }, order: ['id'] })
    res.render('home', { user, notes, signInFailed: 'sign-in-failed' in req.query })
  })

  // The first note creates a guest.
  router.post('/notes', authenticator.authenticate('guest'), async (req, res) => {
    const { text } = (req.body ?? {}) as { text?: unknown }
    if (!(req.user instanceof User))
      throw new HttpError(403, 'Notes are for people, and your browser identifies itself as a program.')
    if (typeof text !== 'string' || text.trim() === '' || text.length > NOTE_LENGTH || text.includes('\0'))
      throw new HttpError(422, `A note has from 1 to ${NOTE_LENGTH} characters.`)
    await Note.create({ userId: req.user.id, text: text.toWellFormed() })
    res.redirect(303, '/')
  })

  return router
}
