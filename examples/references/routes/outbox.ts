import { Router, type Request } from 'express'
import type { Context } from '../app.js'
import { ensureUser, requireUser } from '../current-user.js'
import { HttpError } from '../http-error.js'
import { deliver } from '../mail/deliver.js'
import { Message } from '../models.js'

/** The user's e-mails that no mail server has accepted yet; usually none. */
export function outboxRoutes(context: Context): Router {
  const router = Router()

  router.use('/outbox', ensureUser)

  router.get('/outbox', async (req, res) => {
    const messages = await Message.findAll({
      where: { userId: requireUser(req).id },
      include: 'pass',
      order: [['id', 'DESC']],
    })
    res.render('outbox', { messages })
  })

  router.post('/outbox/:id/send', async (req, res) => {
    const { id } = await findOwn(req)
    await deliver(context, id)
    res.redirect(303, '/outbox')
  })

  // Deactivates the invitation too: its link was never sent.
  router.post('/outbox/:id/discard', async (req, res) => {
    const message = await findOwn(req)
    await context.sequelize.transaction(async (transaction) => {
      await message.pass?.deactivate({ transaction })
      await message.destroy({ transaction })
    })
    res.redirect(303, '/outbox')
  })

  return router
}

async function findOwn(req: Request): Promise<Message> {
  const { id } = req.params
  const isId = typeof id === 'string' && /^\d{1,9}$/.test(id)
  const message = isId
    ? await Message.findOne({ where: { id: Number(id), userId: requireUser(req).id }, include: 'pass' })
    : null
  if (message === null) throw new HttpError(404, 'This e-mail is not in your outbox: it may have been sent.')
  return message
}
