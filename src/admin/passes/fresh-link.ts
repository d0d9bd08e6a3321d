import { createHash } from 'node:crypto'
import { html, type Html } from '../../pages/html.js'
import { doubleClickSince } from '../../visitor/double-click.js'
import type { Visitor } from '../../visitor/visitor.js'
import type { AdminRequest } from '../admin-request.js'
import { formUuid } from '../csrf.js'
import { withLockedPass } from './locked-pass.js'

/*
 * A double click posts the form twice, to one process or to two. If each made a link, two messages would be sent, the first with a
 * link that opens nothing. So a form names the link that it replaces, and `confirmedBy` of the pass holds which form has replaced it
 * until the fresh link is used. The form of another operator is not shown a link of which no event would tell.
 */

const REPLACES = 'replaces'

/** The hidden field that names the link which the form replaces. */
export function replacesField(pass: Visitor): Html {
  return html`<input type="hidden" name="${REPLACES}" value="${linkName(pass)}" />`
}

/** `'repeated'`: the same form has replaced the link a moment ago. `'outdated'`: the pass has another link since the form was shown. */
type Change = 'reissued' | 'repeated' | 'outdated'

/**
 * Gives a pass a fresh link, once for each form that was shown, however often it is posted.
 *
 * @returns the pass as it is now; `undefined` if it is gone
 */
export async function reissueOnce(
  { req, form, origin }: AdminRequest,
  found: Visitor,
  seconds: number,
): Promise<{ readonly pass: Visitor; readonly change: Change } | undefined> {
  const replaces = form()[REPLACES]
  const click = `link:${formUuid(req, [String(replaces)])}` // no browser's click has such a name
  return await withLockedPass(found, async (pass, transaction) => {
    if (replaces === linkName(pass)) {
      await pass.reissue(seconds, { transaction, ...origin })
      await pass.update({ confirmedBy: click }, { transaction, hooks: false, silent: true })
      return { pass, change: 'reissued' }
    }
    const isRepeated = pass.confirmedBy === click && (pass.reissuedAt ?? 0) >= doubleClickSince(new Date())
    return { pass, change: isRepeated ? 'repeated' : 'outdated' }
  })
}

/** Reveals nothing of which a link could be made. */
function linkName({ uuid }: Visitor): string {
  return createHash('sha256').update(`link\0${uuid}`).digest('base64url')
}
