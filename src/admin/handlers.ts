import { urlencoded, type Request, type RequestHandler, type Response } from 'express'
import { handled, redirectOrError } from '../http/answer.js'
import { mountPath } from '../http/address.js'
import { publicUrl } from '../http/base-url.js'
import { watchAnswer } from '../http/late-answer.js'
import { refuseCrossSite } from '../http/origin.js'
import { currentUser } from '../http/passport-request.js'
import { settled } from '../http/session.js'
import type { Html } from '../pages/html.js'
import { accessOf, AdminAccessDenied, type Access } from './access.js'
import type { AdminHandler, AdminRequest } from './admin-request.js'
import { hasCsrfToken, tokenFields } from './csrf.js'
import { formatIn } from './format.js'
import { adminContext } from './language.js'
import { showNotice } from './layout.js'
import type { AdminSettings } from './options.js'

const parseBody: RequestHandler = urlencoded({ extended: false, limit: '32kb', parameterLimit: 200 })

/**
 * A page for those who are admitted.
 *
 * @param needs what they must be allowed to do
 */
export function page(
  settings: AdminSettings,
  answer: AdminHandler,
  needs: Access = 'readOnly',
): RequestHandler {
  return handled(async (req, res, next) => {
    watchAnswer(req)
    res.set('Cache-Control', 'no-store')
    const access = await accessOf(req, settings)
    if (access !== undefined) {
      const request = adminRequest(req, res, settings, access)
      if (needs === 'full' && access !== 'full') await showNotice(request, 403, 'readOnly')
      else await answer(request)
      return
    }
    const error = new AdminAccessDenied()
    if (settings.loginUrl === undefined || currentUser(req) !== undefined) next(error)
    else redirectOrError(req, res, next, { url: publicUrl(req, settings.loginUrl), comeBack: true, error })
  })
}

/**
 * A posted form that changes something: of a page of ours that this session has seen, by a person who may.
 *
 * @param showOutdated answers a form of another session, which can have ended meanwhile
 */
export function change(
  settings: AdminSettings,
  answer: AdminHandler,
  showOutdated: AdminHandler = (request) => showNotice(request, 403, 'outdatedForm'),
): RequestHandler {
  const take: AdminHandler = async (request) => {
    const { req, res } = request
    refuseCrossSite(req)
    await settled((done) => {
      parseBody(req, res, done)
    })
    await (hasCsrfToken(req) ? answer : showOutdated)(request)
  }
  return page(settings, take, 'full')
}

function adminRequest(req: Request, res: Response, settings: AdminSettings, access: Access): AdminRequest {
  const mount = mountPath(req)
  const { context, words } = adminContext(req, settings)
  let tokens: Html | undefined
  return {
    req,
    res,
    settings,
    access,
    context,
    words,
    format: formatIn(context.lang),
    pageUrl(path, query = {}) {
      const parameters = new URLSearchParams()
      for (const [name, value] of Object.entries(query))
        if (value !== undefined && value !== '') parameters.set(name, String(value))
      const text = parameters.toString()
      return mount + (path === '/' && mount !== '' ? '' : path) + (text === '' ? '' : `?${text}`)
    },
    form: () => (req.body ?? {}) as Record<string, unknown>,
    tokens: () => (tokens ??= tokenFields(req, res, settings)),
    origin: { req, actor: settings.actor(req) },
  }
}
