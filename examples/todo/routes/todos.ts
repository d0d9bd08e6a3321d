import { Router, type Request, type RequestHandler } from 'express'
import type passport from 'passport'
import { UniqueConstraintError } from 'sequelize'
import { requireUser, userOf } from '../current-user.js'
import { ApiError } from '../errors.js'
import { LONGEST_TITLE, Todo } from '../models.js'
import { oneLine } from '../one-line.js'

/** The user's list. Reading it creates no guest; writing the first to-do does. */
export function todoRoutes(authenticator: passport.Authenticator): Router {
  const router = Router()
  const authenticateGuest = authenticator.authenticate('guest') as RequestHandler

  router.get('/', async (req, res) => {
    const user = userOf(req)
    const todos =
      user === undefined ? [] : await Todo.findAll({ where: { userId: user.id }, order: [['id', 'ASC']] })
    res.json({ todos: todos.map(show) })
  })

  // Checks the title first: an invalid one creates no guest.
  router.post('/', checkTitle, authenticateGuest, async (req, res) => {
    const { id: userId } = requireUser(req)
    const todo = await refuseDuplicate(() => Todo.create({ userId, title: titleOf(req) }))
    res.status(201).location(`${req.baseUrl}/${todo.id}`).json(show(todo))
  })

  // An anonymous client has no to-do to change, so these two create no guest.
  router.patch('/:id', async (req, res) => {
    const todo = await findOwn(req)
    const changes = changesOf(req)
    await refuseDuplicate(() => todo.update(changes))
    res.json(show(todo))
  })

  router.delete('/:id', async (req, res) => {
    const todo = await findOwn(req)
    await todo.destroy()
    res.status(204).end()
  })

  return router
}

function show({ id, title, done }: Todo): Pick<Todo, 'id' | 'title' | 'done'> {
  return { id, title, done }
}

/** Another user's to-do and one that does not exist get the same response. */
async function findOwn(req: Request): Promise<Todo> {
  const { id: userId } = requireUser(req)
  const { id } = req.params
  const isKey = typeof id === 'string' && /^[1-9]\d{0,8}$/.test(id)
  const todo = isKey ? await Todo.findOne({ where: { id: Number(id), userId } }) : null
  if (todo === null) throw new ApiError(404, 'ERR_NOT_FOUND', 'This is not on your list (any more).')
  return todo
}

const checkTitle: RequestHandler = (req, _res, next) => {
  titleOf(req)
  next()
}

function titleOf(req: Request): string {
  const { title } = bodyOf(req)
  const line = oneLine(typeof title === 'string' ? title : '')
  if (line === '') throw new ApiError(422, 'ERR_TITLE', 'Please enter a title.')
  if (line.length > LONGEST_TITLE) {
    throw new ApiError(422, 'ERR_TITLE', `At most ${LONGEST_TITLE} characters, please.`)
  }
  return line
}

/** Only the attributes that may be changed; others in the body are ignored. */
function changesOf(req: Request): { title?: string; done?: boolean } {
  const { title, done } = bodyOf(req)
  if (done !== undefined && typeof done !== 'boolean') {
    throw new ApiError(422, 'ERR_DONE', 'done must be true or false.')
  }
  return { ...(title !== undefined && { title: titleOf(req) }), ...(done !== undefined && { done }) }
}

function bodyOf(req: Request): Readonly<Record<string, unknown>> {
  const body: unknown = req.body
  return typeof body === 'object' && body !== null ? (body as Record<string, unknown>) : {}
}

async function refuseDuplicate<T>(write: () => Promise<T>): Promise<T> {
  try {
    return await write()
  } catch (error) {
    if (!(error instanceof UniqueConstraintError)) throw error
    throw new ApiError(409, 'ERR_ON_YOUR_LIST', 'This is on your list already.')
  }
}
