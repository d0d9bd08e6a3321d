import { Router } from 'express'
import { Op } from 'sequelize'
import { ensureVisitor } from 'passport-ephemeral'
import type { Context } from '../app.js'
import { ensureUser, requireUser } from '../current-user.js'
import { deliver } from '../mail/deliver.js'
import { checkEmail, checkLength, collectErrors, emailError, readForm, type Values } from '../forms.js'
import { Message, ReferenceRequest } from '../models.js'

/** An interviewer and two colleagues. */
const READERS = 3

/**
 * A second scope: interviewers, invited to read a user's references. Referees are refused. The link can be redeemed a
 * few times. It shows a page with a button, because mail scanners open links too.
 */
export function interviewRoutes(context: Context): Router {
  const { sequelize, models } = context
  const { Visitor } = models
  const router = Router()

  router.get('/interview', ensureVisitor('INTERVIEW_PANEL'), async (req, res) => {
    // The pass's `context` is data that the application has stored with the invitation.
    const { userId } = req.visitor.context as { userId: number }
    const references = await ReferenceRequest.findAll({
      where: { userId, finishedAt: { [Op.not]: null } },
      include: 'pass',
      order: [['finishedAt', 'DESC']],
    })
    res.render('interview/panel', { references })
  })

  router.use('/interview/invite', ensureUser)

  router.get('/interview/invite', (_req, res) => {
    res.render('interview/invite', { readers: READERS, values: {}, errors: {} })
  })

  router.post('/interview/invite', async (req, res) => {
    const values = readForm(req, ['name', 'email'])
    const errors = collectErrors({
      name: checkLength(values.name, { max: 100 }),
      email: checkEmail(values.email),
    })
    if (errors !== undefined) {
      res.status(422).render('interview/invite', { readers: READERS, values, errors })
      return
    }
    try {
      await deliver(context, await invite(requireUser(req).id, values))
      res.redirect(303, '/outbox')
    } catch (error) {
      const email = emailError(error)
      if (email === undefined) throw error
      res.status(422).render('interview/invite', { readers: READERS, values, errors: { email } })
    }
  })

  /** @returns the id of the e-mail, which is still to be sent */
  async function invite(userId: number, { name, email }: Values<'name' | 'email'>): Promise<number> {
    return await sequelize.transaction(async (transaction) => {
      const pass = await Visitor.create(
        { firstName: name, email, scope: 'INTERVIEW_PANEL', context: { userId }, maxUses: READERS },
        { transaction },
      )
      const { id } = await Message.create(
        {
          userId,
          passId: pass.id,
          subject: 'You are invited to read my references',
          body: 'They were written by people whom I asked. Only people with this link can read them.',
          path: '/interview',
        },
        { transaction },
      )
      return id
    })
  }

  return router
}
