import { parseKey } from '../../database/page-by-key.js'
import type { Visitor } from '../../visitor/visitor.js'
import type { AdminRequest } from '../admin-request.js'
import { redirectDone, showNotice } from '../layout.js'
import { LONGEST_TIME, requireSeconds } from './days.js'
import { reissueOnce } from './fresh-link.js'
import { asksToSend, giveLink, passPath, requireLinkMaker, showLink } from './link.js'
import { withLockedPass } from './locked-pass.js'
import { PASSES_ON_A_PAGE, readFilter } from './list.js'
import { requirePass } from './pass.js'

/** What can be done to several passes at once. */
const ACTIONS = ['deactivate', 'reactivate', 'extend'] as const

type Action = (typeof ACTIONS)[number]

/** Deactivates, reactivates or extends one pass. */
export async function changePass(request: AdminRequest, Passes: typeof Visitor): Promise<void> {
  const pass = await requirePass(request, Passes)
  if (pass === undefined) return
  const action = actionOf(request.req.params['action'])
  if (action === undefined) await showNotice(request, 404, 'notFound')
  else if (await apply(request, [pass], action)) redirectDone(request, passPath(pass))
}

/** The same for the passes that are ticked in a list. */
export async function changeSelected(request: AdminRequest, Passes: typeof Visitor): Promise<void> {
  const form = request.form()
  const ids = [form['id'] ?? []].flat().slice(0, PASSES_ON_A_PAGE)
  const keys = ids.map((id) => parseKey(Passes, 'id', id)).filter((key) => typeof key === 'number')
  const action = actionOf(form['action'])
  if (keys.length === 0 || action === undefined) {
    const link = {
      href: request.pageUrl('/passes', { ...readFilter(form) }),
      text: request.words.passes.title,
    }
    await showNotice(request, 422, 'nothingSelected', link)
    return
  }
  const passes = await Passes.unscoped().findAll({ where: { id: keys }, order: ['id'], useMaster: true })
  if (await apply(request, passes, action)) redirectDone(request, '/passes', { ...readFilter(form) })
}

/** Gives a pass a fresh link, and sends or shows it. A browser takes the answer to the second of two clicks. */
export async function makeFreshLink(request: AdminRequest, Passes: typeof Visitor): Promise<void> {
  const pass = await requirePass(request, Passes)
  const seconds = pass && (await requireSeconds(request))
  if (pass === undefined || seconds === undefined) return
  const makeLink = await requireLinkMaker(request, pass) // which can fail, so it comes before the change
  if (makeLink === undefined) return
  const done = await reissueOnce(request, pass, seconds)
  if (done === undefined) await showNotice(request, 404, 'notFound')
  else if (done.change === 'reissued') await giveLink(request, done.pass, makeLink(done.pass))
  else if (done.change === 'repeated' && !asksToSend(request))
    await showLink(request, done.pass, makeLink(done.pass))
  else await showNotice(request, 409, 'linkReplaced')
}

/** Returns whether it was done; if not, the request was answered. Each pass is one change, and one event. */
async function apply(request: AdminRequest, passes: readonly Visitor[], action: Action): Promise<boolean> {
  const seconds = action === 'deactivate' ? 0 : await requireSeconds(request)
  if (seconds === undefined) return false
  for (const pass of passes) {
    if (action === 'deactivate') await pass.deactivate(request.origin)
    else if (action === 'reactivate') await pass.reactivate(seconds, request.origin)
    else await extend(request, pass, seconds)
  }
  return true
}

/** Adds to the time that a link has left. A pass that was closed meanwhile is not opened by a form that was to extend it. */
async function extend({ origin }: AdminRequest, found: Visitor, seconds: number): Promise<void> {
  await withLockedPass(found, async (pass, transaction) => {
    const left = Math.max((pass.expiresAt.getTime() - Date.now()) / 1000, 0)
    // No date becomes one that the database cannot store.
    const wanted = Math.min(left + seconds, Math.max(left, LONGEST_TIME))
    if (pass.isActive) await pass.reactivate(wanted, { transaction, ...origin })
  })
}

function actionOf(name: unknown): Action | undefined {
  return ACTIONS.find((action) => action === name)
}
