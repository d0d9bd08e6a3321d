import createDebug from 'debug'
import type { Visitor } from '../visitor.js'
import type { Sharing, Visit, Visits } from './visit.js'
import { warn } from '../../warning.js'

const debug = createDebug('passport-ephemeral:visit')

/** How many sessions, and how many reports, this process remembers before it begins anew. It looks up what it forgot. */
const MEMORY = 10_000

/** A pass that seems to be shared. */
export interface SuspectedSharing {
  /** The pass, as it is now. `visitor.deactivate()` closes it. */
  readonly visitor: Visitor
  readonly sharing: Sharing
}

/** When a pass counts as shared, and what is called then. */
export interface SharingOptions {
  /** The number of different sessions from which on a pass counts as shared. @default 5 */
  threshold?: number
  /**
   * Called after visits were written, for a pass that was used in `threshold` sessions or more, and again whenever the
   * number has grown since this process reported it. Of several processes at least one calls it, and possibly each. It
   * is not awaited, not even by `VisitorLog.flush()`; if it throws or rejects, the process emits a warning.
   */
  onSuspectedSharing: (suspected: SuspectedSharing) => unknown
}

/**
 * Returns a function that looks at the visits that were just written. It queries the database only if a pass was used in
 * a session that is new to this process, once for all such passes of a batch, and loads only the passes that it reports.
 * It never rejects: the visits are written in any case.
 */
export function watchForSharing(
  models: () => { readonly Visitor: typeof Visitor; readonly visits: Visits },
  { threshold, onSuspectedSharing }: Required<SharingOptions>,
): (written: readonly Visit[]) => Promise<void> {
  const seen = new Set<string>()
  const reported = new Map<number, number>()

  return async function lookForSharing(written) {
    const fresh = written.filter((visit) => visit.sessionHash !== '' && !seen.has(keyOf(visit)))
    if (fresh.length === 0) return
    try {
      await look([...new Set(fresh.map(({ visitorId }) => visitorId))])
      if (seen.size > MEMORY) seen.clear()
      for (const visit of fresh) seen.add(keyOf(visit))
    } catch (error) {
      debug('could not look for sharing: %o', error) // the next visit of these sessions is new again
    }
  }

  async function look(visitorIds: readonly number[]): Promise<void> {
    const { Visitor: Passes, visits } = models()
    if (reported.size > MEMORY) reported.clear()
    const sharing = await visits.sharing(visitorIds, { transaction: null })
    for (const [id, { sessions }] of sharing) {
      if (sessions < (reported.get(id) ?? 0)) reported.set(id, 0) // reissued: its link begins anew
    }
    const suspected = [...sharing].filter(
      ([id, { sessions }]) => sessions >= threshold && sessions > (reported.get(id) ?? 0),
    )
    if (suspected.length === 0) return
    const visitors = await Passes.unscoped().findAll({
      where: { id: suspected.map(([id]) => id) },
      transaction: null,
      useMaster: true,
    })
    for (const visitor of visitors) {
      const its = sharing.get(visitor.id)
      if (its === undefined) continue
      reported.set(visitor.id, its.sessions)
      debug('pass %d was used in %d sessions', visitor.id, its.sessions)
      void report({ visitor, sharing: its })
    }
  }

  /** Not awaited: sending mail can take long, and the next batch must not wait for it. */
  async function report(suspected: SuspectedSharing): Promise<void> {
    try {
      await onSuspectedSharing(suspected)
    } catch (error) {
      debug('onSuspectedSharing failed for pass %d: %o', suspected.visitor.id, error)
      warn(
        'SUSPECTED_SHARING_UNREPORTED',
        `onSuspectedSharing failed for visitor pass ${suspected.visitor.id}: ${error instanceof Error ? error.message : String(error)}`,
      )
    }
  }
}

function keyOf({ visitorId, sessionHash }: Visit): string {
  return `${visitorId}:${sessionHash}`
}
