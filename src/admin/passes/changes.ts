import { parseKey } from '../../database/page-by-key.js'
import { DOUBLE_CLICK_MS } from '../../visitor/double-click.js'
import type { Visitor } from '../../visitor/visitor.js'
import type { AdminRequest, Query } from '../admin-request.js'
import { redirectDone, showNotice } from '../layout.js'
import { LONGEST_TIME, requireSeconds, shownUntil } from './days.js'
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
  else {
    const isDone = await apply(request, [pass], action)
    if (isDone !== undefined) redirectBack(request, isDone, passPath(pass))
  }
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
  const isDone = await apply(request, passes, action)
  if (isDone !== undefined) redirectBack(request, isDone, '/passes', { ...readFilter(form) })
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

/**
 * Each pass is one change, and one event.
 *
 * @returns whether each of them was changed; `undefined` if the request was answered
 */
async function apply(
  request: AdminRequest,
  passes: readonly Visitor[],
  action: Action,
): Promise<boolean | undefined> {
  const seconds = action === 'deactivate' ? 0 : await requireSeconds(request)
  if (seconds === undefined) return undefined
  let isDone = true
  for (const pass of passes) {
    if (action === 'deactivate') await pass.deactivate(request.origin)
    else if (action === 'reactivate') await pass.reactivate(seconds, request.origin)
    else if ((await extend(request, pass, seconds)) !== true) isDone = false
  }
  return isDone
}

/**
 * Adds to the time that a link had left when the form was shown: a double click adds the days once. A pass that was closed meanwhile is
 * not opened, and one that has another expiry keeps it.
 *
 * @returns whether the pass is open for as long as the form asked for
 */
async function extend(
  { form, origin }: AdminRequest,
  found: Visitor,
  seconds: number,
): Promise<boolean | undefined> {
  return await withLockedPass(found, async (pass, transaction) => {
    const shown = shownUntil(form(), pass)
    if (!pass.isActive || shown === undefined) return false
    const now = Date.now()
    // No date becomes one that the database cannot store.
    const wanted = Math.min(Math.max(shown, now) + seconds * 1000, Math.max(shown, now + LONGEST_TIME * 1000))
    if (pass.expiresAt.getTime() === shown)
      await pass.reactivate((wanted - now) / 1000, { transaction, ...origin })
    return Math.abs(pass.expiresAt.getTime() - wanted) < DOUBLE_CLICK_MS
  })
}

/** Leads to a page that shows what is stored now; it tells that all was done only if it was. */
function redirectBack(request: AdminRequest, isDone: boolean, path: string, query: Query = {}): void {
  if (isDone) redirectDone(request, path, query)
  else request.res.redirect(303, request.pageUrl(path, query))
}

function actionOf(name: unknown): Action | undefined {
  return ACTIONS.find((action) => action === name)
}
