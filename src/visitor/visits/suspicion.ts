import createDebug from 'debug'
import { announce } from '../../events/events.js'
import { visitorSettings, type Visitor } from '../visitor.js'
import type { Visit } from './visit.js'
import { describeError } from '../../http/redact-tokens.js'

const debug = createDebug('passport-ephemeral:visit')

/** How many sessions, and how many reports, this process remembers before it begins anew. It looks up what it forgot. */
const MEMORY = 10_000

/**
 * Returns a function that looks at the visits that were just written. It queries the database only if a pass was used in
 * a session that is new to this process, and only if the event has a listener: once for all such passes of a batch.
 * It never rejects: the visits are written in any case.
 */
export function watchForSharing(
  model: () => typeof Visitor,
  threshold: number,
): (written: readonly Visit[]) => Promise<void> {
  const seen = new Set<string>()
  const reported = new Map<number, number>()

  return async function lookForSharing(written) {
    const Passes = model()
    if (!Passes.events.hasListener('sharingSuspected')) return
    const fresh = written.filter((visit) => visit.sessionHash !== '' && !seen.has(keyOf(visit)))
    if (fresh.length === 0) return
    try {
      await look(Passes, [...new Set(fresh.map(({ visitorId }) => visitorId))])
      if (seen.size > MEMORY) seen.clear()
      for (const visit of fresh) seen.add(keyOf(visit))
    } catch (error) {
      debug('could not look for sharing: %s', describeError(error)) // the next visit of these sessions is new again
    }
  }

  async function look(Passes: typeof Visitor, visitorIds: readonly number[]): Promise<void> {
    if (reported.size > MEMORY) reported.clear()
    const sharing = await Passes[visitorSettings].visits.sharing(visitorIds, { transaction: null })
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
      announce(Passes.events, 'sharingSuspected', { visitor, sharing: its })
    }
  }
}

function keyOf({ visitorId, sessionHash }: Visit): string {
  return `${visitorId}:${sessionHash}`
}
