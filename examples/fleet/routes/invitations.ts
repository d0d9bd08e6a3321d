import { Router, type RequestHandler } from 'express'
import { ensureRegularUser, ensureVisitor, isVisitor } from 'passport-ephemeral'
import { requireUser } from '../../todo/current-user.js'
import { ApiError } from '../../todo/errors.js'
import { Todo, User } from '../../todo/models.js'
import type { Models } from '../models.js'

const SCOPE = 'LIST'

/** A regular user invites visitors to read the list, by a link with or without `maxUses`. */
export function invitationsApi({ Visitor }: Models, publicUrl: string): Router {
  const router = Router()
  router.post('/', ensureRegularUser as RequestHandler, async (req, res) => {
    const { id: userId } = requireUser(req)
    const { email, maxUses = null } = req.body as { email?: unknown; maxUses?: unknown }
    if (typeof email !== 'string' || !email.includes('@')) {
      throw new ApiError(422, 'ERR_EMAIL', 'email must be an e-mail address.')
    }
    if (maxUses !== null && !(Number.isInteger(maxUses) && Number(maxUses) > 0)) {
      throw new ApiError(422, 'ERR_MAX_USES', 'maxUses must be a positive whole number.')
    }
    const pass = await Visitor.create({
      email,
      scope: SCOPE,
      context: { userId },
      maxUses: maxUses === null ? null : Number(maxUses),
    })
    res.status(201).json({ id: pass.id, url: pass.tokenise(new URL('/shared', publicUrl).href) })
  })
  return router
}

/** The list that the visitor may read. */
export function sharedList(): Router {
  const router = Router()
  router.use('/', ensureVisitor(SCOPE) as RequestHandler, async (req, res) => {
    if (!isVisitor(req)) return
    const { userId } = req.visitor.context as { userId: number }
    const owner = await User.findByPk(userId, {
      rejectOnEmpty: new ApiError(404, 'ERR_NOT_FOUND', 'There is no list.'),
    })
    const todos = await Todo.findAll({ where: { userId }, order: [['id', 'ASC']] })
    res.json({
      owner: owner.username,
      pass: req.visitor.id,
      todos: todos.map(({ title, done }) => ({ title, done })),
    })
  })
  return router
}
