import type { Model, ModelStatic } from 'sequelize'
import { guestSettings, type GuestModel } from '../guest/guest.js'
import { dayOf } from '../guest/outcome.js'
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
  readonly companion?: Pick<Due, 'model' | 'key'> | undefined
  /** Rows of another table that keep a row from being due. */
  readonly unless?:
    | {
        readonly model: ModelStatic<Model>
        /** Its attribute that refers to `key`. */
        readonly foreignKey: string
        /** Only rows in which this attribute is later keep a row; without it, all do. */
        readonly later: { readonly attribute: string; readonly than: Date } | undefined
      }
    | undefined
}

/** What is due of each kind that the caller asked for, in the order of deletion. */
export function dueOf(
  { Guest, Visitor: Passes, VisitorLog: Visits }: CleanupModels,
  { maxAge, retention }: CleanupPlan,
): ReadonlyMap<CleanupKind, Due> {
  const now = new Date()
  const due = new Map<CleanupKind, Due>()
  if (Guest !== undefined) {
    const { PendingConversion } = Guest[guestSettings]
    due.set('pendingConversions', { model: PendingConversion, key: 'userId', since: 'expiresAt', until: now })
    due.set('guests', guestsDue(Guest, now, maxAge))
  }
  const visitsUntil = retention.visits === false ? undefined : ago(now, retention.visits)
  if (Visits !== undefined && visitsUntil !== undefined)
    due.set('visits', { model: Visits, key: 'id', since: 'createdAt', until: visitsUntil })
  if (Passes !== undefined && retention.passes !== false) {
    const until = ago(now, retention.passes)
    // The cascade from a pass would delete visits that are not due.
    const later = visitsUntil && { attribute: 'createdAt', than: visitsUntil }
    const unless = Visits && { model: Visits, foreignKey: 'visitorId', later }
    due.set('passes', { model: Passes, key: 'id', since: 'expiresAt', until, unless })
  }
  if (Guest !== undefined && retention.outcomes !== false) {
    const until = dayOf(ago(now, retention.outcomes))
    due.set('outcomes', { model: Guest[guestSettings].Outcome, key: 'id', since: 'endedOn', until })
  }
  return due
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

function ago(now: Date, seconds: number): Date {
  return new Date(now.getTime() - seconds * 1000)
}
