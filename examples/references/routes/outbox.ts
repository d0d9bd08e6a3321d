import { Router } from 'express'
import type { Context } from '../app.js'
import { ensureUser, requireUser } from '../current-user.js'
import { Message } from '../models.js'

/**
 * Stands for e-mail: what a real application would send, shown to the user in whose name it would be sent. Only here
 * does it show a link to somebody other than its recipient.
 */
export function outboxRoutes({ publicUrl }: Context): Router {
  const router = Router()

  router.get('/outbox', ensureUser, async (req, res) => {
    const messages = await Message.findAll({
      where: { userId: requireUser(req).id },
      include: 'pass',
      order: [['id', 'DESC']],
    })
    res.render('outbox', {
      messages: messages.map(({ subject, body, path, createdAt, pass }) => ({
        subject,
        body,
        createdAt,
        pass,
        // Made when it is shown: the database holds no link and no token.
        link: pass?.isValid === true ? pass.tokenise(new URL(path, publicUrl).href) : undefined,
      })),
    })
  })

  return router
}
