import { guestSettings, type GuestModel } from '../guest/guest.js'
import { dayOf } from '../guest/outcome.js'
import type { Visitor } from '../visitor/visitor.js'
import type { VisitorLog } from '../visitor/visits/visitor-log.js'
import type { CleanupModels, CleanupPlan } from './options.js'
import type { CleanupKind } from './result.js'
import type { Due } from './statements/due.js'

/** What is due of each kind that was asked for, in the order in which it goes. */
export function everythingDue(
  { Guest, Visitor: Passes, VisitorLog: Visits }: CleanupModels,
  { maxAge, retention }: CleanupPlan,
): ReadonlyMap<CleanupKind, Due> {
  const now = new Date()
  const due = new Map<CleanupKind, Due>()
  if (Guest !== undefined) {
    due.set('pendingConversions', pendingConversionsDue(Guest, now))
    due.set('guests', guestsDue(Guest, now, maxAge))
  }
  const visitsUntil = retention.visits === false ? undefined : ago(now, retention.visits)
  if (Visits !== undefined && visitsUntil !== undefined) due.set('visits', visitsDue(Visits, visitsUntil))
  if (Passes !== undefined && retention.passes !== false) {
    due.set('passes', passesDue(Passes, ago(now, retention.passes), Visits, visitsUntil))
  }
  if (Guest !== undefined && retention.outcomes !== false) {
    due.set('outcomes', outcomesDue(Guest, ago(now, retention.outcomes)))
  }
  return due
}

function pendingConversionsDue(Guest: GuestModel, now: Date): Due {
  return { model: Guest[guestSettings].PendingConversion, key: 'userId', since: 'expiresAt', until: now }
}

/** A guest whose link is still on its way is spared: they may press its button on a device on which nobody is logged in. */
function guestsDue(Guest: GuestModel, now: Date, maxAge: number | undefined): Due {
  const { User, PendingConversion, expiry, maxAge: ownMaxAge } = Guest[guestSettings]
  return {
    model: Guest,
    key: 'userId',
    since: expiry === 'sliding' ? 'lastSeenAt' : 'createdAt',
    until: ago(now, maxAge ?? ownMaxAge),
    reads: 'createdAt',
    with: { model: User, key: User.primaryKeyAttribute },
    unless: { model: PendingConversion, foreignKey: 'userId', later: { attribute: 'expiresAt', than: now } },
  }
}

function visitsDue(Visits: typeof VisitorLog, until: Date): Due {
  return { model: Visits, key: 'id', since: 'createdAt', until }
}

/** A pass whose visits are looked after stays until the last of them may go: its cascade would take them along. */
function passesDue(
  Passes: typeof Visitor,
  until: Date,
  Visits: typeof VisitorLog | undefined,
  visitsUntil: Date | undefined,
): Due {
  const later = visitsUntil && { attribute: 'createdAt', than: visitsUntil }
  return {
    model: Passes,
    key: 'id',
    since: 'expiresAt',
    until,
    ...(Visits && { unless: { model: Visits, foreignKey: 'visitorId', ...(later && { later }) } }),
  }
}

function outcomesDue(Guest: GuestModel, until: Date): Due {
  return { model: Guest[guestSettings].Outcome, key: 'id', since: 'endedOn', until: dayOf(until) }
}

function ago(now: Date, seconds: number): Date {
  return new Date(now.getTime() - seconds * 1000)
}
