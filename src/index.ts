import './request.js'

export { defineVisitorModels, type VisitorModelOptions } from './visitor/models.js'
export type { Visitor, VisitorContext, VisitorJson } from './visitor/visitor.js'
export type { VisitorLog, VisitOutcome } from './visitor/visitor-log.js'
export type { Secret } from './visitor/token.js'
export { VisitorTokenStrategy, type VisitorTokenStrategyOptions } from './visitor/strategy.js'
export { ensureVisitor, SCOPE_ANY, type EnsureVisitorOptions, type Scope } from './visitor/ensure-visitor.js'
export { endVisit, type EndVisitOptions } from './visitor/end-visit.js'
export { isVisitor } from './visitor/is-visitor.js'

export { defineGuestModel, type GuestModelOptions } from './guest/model.js'
export type { ConvertContext, Guest, GuestModel, SerializedUser, UserId } from './guest/guest.js'
export { GuestStrategy, type GuestStrategyOptions, type Limiter } from './guest/strategy.js'
export {
  friendlyUsername,
  numberedUsername,
  uuidUsername,
  type NumberedUsernameOptions,
  type UsernameContext,
  type UsernameGenerator,
} from './guest/usernames.js'
export { loadGuest, type LoadGuestOptions } from './guest/load-guest.js'
export { guestOf, isGuest, isRegularUser } from './guest/guest-state.js'
export { ensureGuest, type EnsureGuestOptions } from './guest/ensure-guest.js'
export { ensureRegularUser, type EnsureRegularUserOptions } from './guest/ensure-regular-user.js'

export {
  EphemeralError,
  GuestLimitExceeded,
  GuestRequired,
  GuestStateUnknown,
  InvalidVisitorPass,
  MiddlewareOrder,
  NotGuestError,
  RegularUserRequired,
  SessionRenewalUnsupported,
  SessionRequired,
  TablesMissing,
  UsernameExhausted,
  VisitorAccessDenied,
  VisitorTokenMalformed,
  type RefusalReason,
} from './errors.js'
