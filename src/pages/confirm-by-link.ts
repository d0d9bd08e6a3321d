import { hideFromAddress } from '../http/address.js'
import { queryValues } from '../http/query.js'
import type { Router } from 'express'
import type { Confirmation, Flow, FlowRequest } from './flow-declaration.js'
import { give, onRequest, requireSameSite } from './flow-steps.js'
import type { Page } from './page.js'

/** The query parameter of the link in the message. */
const LINK_TOKEN = 'token'

/** Adds the routes of the link in the message. */
export function confirmByLink<Who, Value, Found extends object, P extends Page>(
  router: Router,
  flow: Flow<Who, Value, P>,
  { find, showButton, confirm }: Confirmation<Found, P>,
): void {
  async function onLink(request: FlowRequest, then: typeof confirm): Promise<void> {
    const { req, res } = request
    hideFromAddress(req, LINK_TOKEN)
    // Also for pages that the application renders: the address is a credential.
    res.set('Cache-Control', 'no-store')
    const [token, ...more] = queryValues(req.originalUrl, LINK_TOKEN)
    const found = await find(more.length > 0 ? undefined : token, request)
    const isAnswer = 'page' in found || 'redirectTo' in found
    await give(flow, request, isAnswer ? found : await then(found, request))
  }
  router.get(
    '/verify',
    onRequest(flow, (request) => onLink(request, showButton)),
  )
  router.post(
    '/verify',
    onRequest(flow, async (request) => {
      requireSameSite(flow, request)
      await onLink(request, confirm)
    }),
  )
}
