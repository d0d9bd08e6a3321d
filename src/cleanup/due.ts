import type { Model, ModelStatic } from 'sequelize'
import { guestSettings, type GuestModel } from '../guest/guest.js'
import { dayOf } from '../guest/outcome.js'
import type { Visitor } from '../visitor/visitor.js'
import type { VisitorLog } from '../visitor/visits/visitor-log.js'
import type { CleanupModels, CleanupPlan } from './options.js'
import type { CleanupKind } from './result.js'

/** Which rows of one table are due: those whose `since` is past, and that no row of another table keeps. */
export interface Due {
  readonly model: ModelStatic<Model>
  /** The attribute of the primary key. */
  readonly key: string
  /** The attribute, with an index, by which rows become due. They are deleted in its order. */
  readonly since: string
  /** Rows up to then are due; a day, if `since` is one. */
  readonly until: Date | string
  /** One more attribute to read. */
  readonly reads?: string
  /** A table whose rows are deleted with these, and are locked with them. */
  readonly companion?: { readonly model: ModelStatic<Model>; readonly key: string } | undefined
  /** Rows of another table that keep a row from being due. */
  readonly unless?: {
    readonly model: ModelStatic<Model>
    /** Its attribute that refers to `key`. */
    readonly foreignKey: string
    /** Only rows in which this attribute is later keep a row; without it, all do. */
    readonly later?: { readonly attribute: string; readonly than: Date }
  }
}

/** What is due of each kind that the caller asked for, in the order of deletion. */
export function dueOf(
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
  if (Visits !== undefined && visitsUntil !== undefined) {
    due.set('visits', { model: Visits, key: 'id', since: 'createdAt', until: visitsUntil })
  }
  if (Passes !== undefined && retention.passes !== false) {
    due.set('passes', passesDue(Passes, ago(now, retention.passes), Visits, visitsUntil))
  }
  if (Guest !== undefined && retention.outcomes !== false) {
    const { Outcome } = Guest[guestSettings]
    due.set('outcomes', {
      model: Outcome,
      key: 'id',
      since: 'endedOn',
      until: dayOf(ago(now, retention.outcomes)),
    })
  }
  return due
}

function pendingConversionsDue(Guest: GuestModel, now: Date): Due {
  return { model: Guest[guestSettings].PendingConversion, key: 'userId', since: 'expiresAt', until: now }
}

/** A guest with an open link is not due: the link works on a device on which the guest is not logged in. */
function guestsDue(Guest: GuestModel, now: Date, maxAge: number | undefined): Due {
  const { User, PendingConversion, expiry, maxAge: ownMaxAge } = Guest[guestSettings]
  return {
    model: Guest,
    key: 'userId',
    since: expiry === 'sliding' ? 'lastSeenAt' : 'createdAt',
    until: ago(now, maxAge ?? ownMaxAge),
    reads: 'createdAt',
    companion: { model: User, key: User.primaryKeyAttribute },
    unless: { model: PendingConversion, foreignKey: 'userId', later: { attribute: 'expiresAt', than: now } },
  }
}

/** If visits are cleaned up too, a pass stays until its last visit is due: the cascade from the pass would delete that visit. */
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

function ago(now: Date, seconds: number): Date {
  return new Date(now.getTime() - seconds * 1000)
}
