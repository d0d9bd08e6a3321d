import type { Router } from 'express'
import type { Model } from 'sequelize'
import { publicUrl } from '../../http/base-url.js'
import { confirmByLink } from '../../pages/confirm-by-link.js'
import { flowRouter } from '../../pages/flow.js'
import { onRequest } from '../../pages/flow-steps.js'
import { currentGuest, redirectNonRegular } from './access.js'
import { conversionConfirmation } from './confirmation.js'
import { conversionFlow } from './flow.js'
import type { ConvertRouterOptions } from './options.js'
import { successPage } from './pages.js'
import { settingsOf } from './settings.js'

/**
 * The pages on which a guest becomes a regular user, for `app.use('/convert', …)`; `ensureRegularUser` sends them there.
 * The users row and its id stay, and so do all rows that refer to it.
 *
 * @example
 * app.use('/convert', convertRouter({ Guest, hashPassword: (password) => argon2.hash(password) }))
 *
 * @throws {TypeError} at start-up, naming the option that is wrong
 */
export function convertRouter<U extends Model>(options: ConvertRouterOptions<U>): Router {
  const settings = settingsOf(options)
  const flow = conversionFlow(settings)
  const router = flowRouter(flow)
  router.get(
    '/success',
    onRequest(flow, async (request) => {
      const guest = currentGuest(settings.Guest, request.req)
      if (guest === null)
        await flow.show(
          successPage(request.context, publicUrl(request.req, settings.registeredUrl)),
          request.req,
          request.res,
        )
      else redirectNonRegular(settings.loginUrl, guest === undefined, request)
    }),
  )
  if (settings.verification !== undefined) confirmByLink(router, flow, conversionConfirmation(settings))
  return router
}
