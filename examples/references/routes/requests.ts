import { Router, type NextFunction, type Request, type RequestHandler, type Response } from 'express'
import passport from 'passport'
import { Op } from 'sequelize'
import type { Context } from '../app.js'
import { ensureUser, requireUser, userOf } from '../current-user.js'
import { HttpError } from '../http-error.js'
import { deliver } from '../mail/deliver.js'
import { checkEmail, checkLength, collectErrors, emailError, readForm, type Values } from '../forms.js'
import { Message, ReferenceRequest } from '../models.js'

const FIELDS = ['askerName', 'position', 'refereeName', 'refereeEmail', 'message'] as const
type Field = (typeof FIELDS)[number]

/** Pages to ask for references, and to see the answers. */
export function requestRoutes(context: Context): Router {
  const { sequelize, models } = context
  const { Visitor } = models
  const router = Router()

  // An anonymous client becomes a guest here, with its own users row.
  router.use('/requests/new', passport.authenticate('guest') as RequestHandler, ensurePerson)

  router.get('/requests/new', (_req, res) => {
    res.render('requests/new', { values: {}, errors: {} })
  })

  router.post('/requests/new', async (req, res) => {
    const values = readForm(req, FIELDS)
    const errors = collectErrors<Field>({
      askerName: checkLength(values.askerName, { max: 100 }),
      position: checkLength(values.position, { max: 150 }),
      refereeName: checkLength(values.refereeName, { max: 100 }),
      refereeEmail: checkEmail(values.refereeEmail),
      message: values.message === '' ? undefined : checkLength(values.message, { max: 2000 }),
    })
    if (errors !== undefined) {
      res.status(422).render('requests/new', { values, errors })
      return
    }
    try {
      await deliver(context, await ask(requireUser(req).id, values))
      res.redirect(303, '/outbox')
    } catch (error) {
      const refereeEmail = emailError(error)
      if (refereeEmail === undefined) throw error
      res.status(422).render('requests/new', { values, errors: { refereeEmail } })
    }
  })

  router.get('/requests', ensureUser, async (req, res) => {
    const requests = await ReferenceRequest.findAll({
      where: { userId: requireUser(req).id },
      include: 'pass',
      order: [['id', 'DESC']],
    })
    const unsent = await Message.count({ where: { userId: requireUser(req).id } })
    res.render('requests/list', { requests, unsent })
  })

  // The link and its visits are refused from now on. An e-mail in the outbox is deleted.
  router.post('/requests/:id/withdraw', ensureUser, async (req, res) => {
    const request = await findOwn(req)
    await sequelize.transaction(async (transaction) => {
      await request.pass?.deactivate({ transaction })
      await Message.destroy({ where: { passId: request.passId }, transaction })
    })
    res.redirect(303, '/requests')
  })

  /**
   * Creates the invitation, the request and the e-mail in one transaction.
   *
   * @returns the id of the e-mail, which is still to be sent
   */
  async function ask(userId: number, values: Values<Field>): Promise<number> {
    const { askerName, position, refereeName, refereeEmail, message } = values
    return await sequelize.transaction(async (transaction) => {
      const pass = await Visitor.create(
        { firstName: refereeName, email: refereeEmail, scope: 'REFERENCE_REQUEST', context: null },
        { transaction },
      )
      await ReferenceRequest.create({ userId, passId: pass.id, askerName, position }, { transaction })
      const { id } = await Message.create(
        {
          userId,
          passId: pass.id,
          subject: `${askerName} asks you for a reference`,
          body: message || `Would you write me a reference? I am applying for this: ${position}.`,
          path: '/reference',
        },
        { transaction },
      )
      return id
    })
  }

  return router
}

/** Bots pass the guest strategy without a user; the routes after it need one. */
function ensurePerson(req: Request, _res: Response, next: NextFunction): void {
  if (userOf(req) !== undefined) next()
  else next(new HttpError(403, 'This page is for people, and your browser identifies itself as a program.'))
}

/** The request in the address, if it is the user's and not answered yet. */
async function findOwn(req: Request): Promise<ReferenceRequest> {
  const { id } = req.params
  const isId = typeof id === 'string' && /^\d{1,9}$/.test(id)
  const request = isId
    ? await ReferenceRequest.findOne({
        where: { id: Number(id), userId: requireUser(req).id, finishedAt: { [Op.is]: null } },
        include: 'pass',
      })
    : null
  if (request === null) throw new HttpError(404, 'There is no such open request of yours.')
  return request
}
