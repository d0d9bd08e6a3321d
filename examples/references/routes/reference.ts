import { Router, type Request, type RequestHandler } from 'express'
import { endVisit, ensureVisitor } from 'passport-ephemeral'
import type { Context } from '../app.js'
import { HttpError } from '../http-error.js'
import { checkLength, collectErrors, readForm } from '../forms.js'
import { ReferenceRequest } from '../models.js'

/**
 * The referee's form, in three steps. The referee is a visitor, not a user. The answers are stored in the request's
 * row, so that the referee can close the browser and follow the link again.
 */
export function referenceRoutes({ sequelize }: Context): Router {
  const router = Router()

  router.get('/reference/thanks', (_req, res) => {
    res.render('reference/thanks')
  })

  router.use('/reference', ensureVisitor('REFERENCE_REQUEST'), loadRequest)

  router.get('/reference', (req, res) => {
    const request = requestOf(req)
    res.render('reference/relationship', { request, values: request, errors: {} })
  })

  router.post('/reference', async (req, res) => {
    const values = readForm(req, ['relationship'])
    const errors = collectErrors({ relationship: checkLength(values.relationship, { min: 5, max: 500 }) })
    if (errors !== undefined) {
      res.status(422).render('reference/relationship', { request: requestOf(req), values, errors })
      return
    }
    await requestOf(req).update(values)
    res.redirect(303, '/reference/words')
  })

  router.get('/reference/words', (req, res) => {
    const request = requestOf(req)
    if (request.relationship === null) res.redirect('/reference')
    else res.render('reference/words', { request, values: request, errors: {} })
  })

  router.post('/reference/words', async (req, res) => {
    const values = readForm(req, ['text'])
    const errors = collectErrors({ text: checkLength(values.text, { min: 20, max: 5000 }) })
    if (errors !== undefined) {
      res.status(422).render('reference/words', { request: requestOf(req), values, errors })
      return
    }
    await requestOf(req).update(values)
    res.redirect(303, '/reference/check')
  })

  router.get('/reference/check', (req, res) => {
    const request = requestOf(req)
    const missing = missingStep(request)
    if (missing === undefined) res.render('reference/check', { request })
    else res.redirect(missing)
  })

  router.post('/reference/check', async (req, res) => {
    const request = requestOf(req)
    const missing = missingStep(request)
    if (missing !== undefined) {
      res.redirect(303, missing)
      return
    }
    // Refuses the link and all its visits from now on. In one transaction, in case this process ends here.
    await sequelize.transaction(async (transaction) => {
      await request.update({ finishedAt: new Date() }, { transaction })
      await endVisit(req, { deactivate: true, transaction })
    })
    res.redirect(303, '/reference/thanks')
  })

  return router
}

const requests = new WeakMap<Request, ReferenceRequest>()

/** Finds the request of the visitor's pass. */
const loadRequest: RequestHandler = async (req, res, next) => {
  const request = req.visitor && (await ReferenceRequest.findOne({ where: { passId: req.visitor.id } }))
  if (!request) throw new HttpError(404, 'This request for a reference no longer exists.')
  if (request.finishedAt) {
    await endVisit(req, { deactivate: true })
    res.redirect(303, '/reference/thanks')
    return
  }
  requests.set(req, request)
  next()
}

function requestOf(req: Request): ReferenceRequest {
  const request = requests.get(req)
  if (request === undefined) throw new Error('loadRequest has to come first')
  return request
}

/** The first step that is not filled in yet, if an address was typed by hand. */
function missingStep({ relationship, text }: ReferenceRequest): string | undefined {
  if (relationship === null) return '/reference'
  return text === null ? '/reference/words' : undefined
}
