import { Router } from 'express'
import type { AdminHandler, AdminRequest } from './admin-request.js'
import { runCleanup, showCleanup } from './cleanup.js'
import { showDoctor } from './doctor.js'
import { deleteGuest, showGuest } from './guests/guest.js'
import { listGuests } from './guests/list.js'
import { change, page } from './handlers.js'
import { showNotice } from './layout.js'
import { parseAdminOptions, type AdminRouterOptions } from './options.js'
import { showOverview } from './overview.js'
import { changePass, changeSelected, makeFreshLink } from './passes/changes.js'
import { invite, showInvite, showInviteAgain } from './passes/invite.js'
import { listPasses } from './passes/list.js'
import { showPass } from './passes/pass.js'
import { sendVisits } from './visits/csv.js'
import { listVisits } from './visits/list.js'

/**
 * Pages for the people who run the application: what became of guests and passes, and what a help desk does for a person.
 * HTML from the server, without JavaScript. `authorize` is asked on every request.
 *
 * @example
 * app.use('/admin/people', adminRouter({ Guest, Visitor, VisitorLog, authorize: (req) => req.user?.isStaff === true }))
 *
 * @throws {TypeError} at start-up, naming the option that is wrong; without `authorize`
 */
export function adminRouter(options: AdminRouterOptions): Router {
  const settings = parseAdminOptions(options)
  const { Guest, Visitor, VisitorLog } = settings.models
  const router = Router()
  const get = (path: string, answer: AdminHandler): unknown => router.get(path, page(settings, answer))
  const post = (path: string, answer: AdminHandler): unknown => router.post(path, change(settings, answer))
  get('/', showOverview)
  if (Visitor !== undefined) {
    const pass = pagesOf(Visitor)
    get('/passes', pass(listPasses))
    router.get('/passes/invite', page(settings, pass(showInvite), 'full'))
    router.post('/passes/invite', change(settings, pass(invite), pass(showInviteAgain)))
    post('/passes/selected', pass(changeSelected))
    get('/passes/:id', pass(showPass))
    post('/passes/:id/reissue', pass(makeFreshLink))
    post('/passes/:id/:action', pass(changePass))
  }
  if (Guest !== undefined) {
    const guest = pagesOf(Guest)
    get('/guests', guest(listGuests))
    get('/guests/:id', guest(showGuest))
    post('/guests/:id/delete', guest(deleteGuest))
  }
  if (VisitorLog !== undefined) {
    const visits = pagesOf(VisitorLog)
    get('/visits', visits(listVisits))
    get('/visits.csv', visits(sendVisits))
  }
  get('/cleanup', showCleanup)
  post('/cleanup', runCleanup)
  get('/doctor', showDoctor)
  router.use(page(settings, (request) => showNotice(request, 404, 'notFound')))
  return router
}

/** Hands a model to the pages about its rows. */
function pagesOf<M>(model: M): (answer: (request: AdminRequest, model: M) => Promise<void>) => AdminHandler {
  return (answer) => (request) => answer(request, model)
}
