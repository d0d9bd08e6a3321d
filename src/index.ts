export { defineVisitorModels, type VisitorModelOptions } from './visitor/models.js'
export type { VisitorContext, VisitorScope, VisitorScopes } from './visitor/scope.js'
export type { VisitorJson, VisitorModel, VisitorOf as Visitor } from './visitor/visitor.js'
export type { VisitorLog } from './visitor/visits/visitor-log.js'
export type { Sharing, VisitOutcome } from './visitor/visits/visit.js'
export type { VisitLogOptions } from './visitor/visits/options.js'
export type { PassChange, VisitorEventOrigin, VisitorEvents } from './visitor/events.js'
export type { Secret } from './visitor/token.js'
export { VisitorTokenStrategy } from './visitor/strategy.js'
export type { VisitorTokenStrategyOptions } from './visitor/strategy-options.js'
export { ensureVisitor, type EnsureVisitorOptions } from './visitor/ensure-visitor.js'
export type { VisitorGuard } from './visitor/guard-types.js'
export { SCOPE_ANY, type Scope } from './visitor/scope.js'
export { selfServiceRouter, type SelfServiceOptions } from './visitor/self-service/router.js'
export type { SelfServiceMessage, SendLink } from './visitor/self-service/issue-pass.js'
export type {
  SelfServiceCodePage,
  SelfServiceExpiredPage,
  SelfServiceFormPage,
  SelfServicePage,
  SelfServiceSentPage,
} from './visitor/self-service/pages.js'
export type { SelfServiceSchema, SelfServiceValues } from './visitor/self-service/schema.js'
export type { ConfirmPage } from './visitor/confirmation.js'
export type { ExpiredLinkOptions, FreshLinkMessage } from './visitor/fresh-link/options.js'
export type { FreshLinkPage } from './visitor/fresh-link/page.js'
export { endVisit, type EndVisitOptions } from './visitor/visit.js'
export { isVisitor } from './visitor/is-visitor.js'

export { defineGuestModel } from './guest/model.js'
export type { GuestModelOptions } from './guest/model-options.js'
export {
  Guest,
  type ConvertContext,
  type ConvertOptions,
  type CreateGuestOptions,
  type DeleteGuestOptions,
  type GuestModel,
  type SerializedUser,
  type UserId,
} from './guest/guest.js'
export type { GuestEventOrigin, GuestEvents, GuestRefusal } from './guest/events.js'
export { GuestStrategy, type GuestStrategyOptions } from './guest/strategy.js'
export {
  friendlyUsername,
  numberedUsername,
  uuidUsername,
  type NumberedUsernameOptions,
  type UsernameContext,
  type UsernameGenerator,
} from './guest/usernames.js'
export { loadGuest, type LoadGuestOptions } from './guest/load-guest.js'
export { convertRouter } from './guest/conversion/router.js'
export type {
  CheckPassword,
  ConvertMessage,
  ConvertRouterOptions,
  SendConvertLink,
  TellTaken,
  VerifyEmailOptions,
} from './guest/conversion/options.js'
export type { ConvertSchema, ConvertValues } from './guest/conversion/schema.js'
export type {
  ConvertCodePage,
  ConvertConfirmPage,
  ConvertFormPage,
  ConvertPage,
  ConvertRefusal,
  ConvertRefusedPage,
  ConvertSentPage,
  ConvertSuccessPage,
  ConvertVerifiedPage,
} from './guest/conversion/pages.js'
export {
  mergeGuest,
  type KeptRow,
  type MergeConflict,
  type MergeConflictRows,
  type MergeContext,
  type MergeGuestOptions,
  type Reassigned,
} from './guest/merge/merge-guest.js'
export { guestLogout, type GuestLogoutOptions, type LeavePage } from './guest/guest-logout.js'
export { guestEmail } from './guest/guest-email.js'
export { exceptGuests } from './guest/except-guests.js'
export { guestLocals, type GuestLocals, type GuestLocalsOptions } from './guest/guest-locals.js'
export { guestOf, isGuest, isRegularUser, UserOfAnotherModel } from './guest/guest-state.js'
export {
  ensureGuest,
  ensureRegularUser,
  type EnsureGuestOptions,
  type EnsureRegularUserOptions,
} from './guest/guards.js'

export type { Events } from './events/events.js'
export { personalData, type PersonalData, type PersonalPass } from './privacy/personal-data.js'
export { forget, type Forgotten } from './privacy/forget.js'
export type { PersonModels, PersonOptions } from './privacy/person.js'

export { cleanup } from './cleanup/cleanup.js'
export type { CleanupModels, CleanupOptions, Keep, Retention } from './cleanup/options.js'
export type { CleanupKind, CleanupProgress, CleanupResult } from './cleanup/result.js'
export { checkSetup, type CheckSetupOptions } from './checks/check-setup.js'
export type { Finding } from './checks/finding.js'
export type { CheckCode, Validations } from './checks/runtime/request-checks.js'

export { redactTokens, type RedactTokensOptions } from './http/redact-tokens.js'
export { throttleTouch, type ThrottleTouchOptions } from './http/throttle-touch.js'
export { BaseUrlRequired, type BaseUrl } from './http/base-url.js'
export type { FlowOptions } from './pages/flow-options.js'
export type { FormLimiter } from './pages/form-limits.js'
export type { Limiter, LimiterFailure } from './http/limiter.js'
export { formHtml } from './pages/form-page.js'
export type {
  CsrfField,
  CsrfFieldOf,
  FieldsOf,
  FilledField,
  FormField,
  FormHtmlOptions,
  FormPage,
} from './pages/form-page.js'
export type { CodeMessage, LinkMessage, MailMessage } from './pages/mail.js'
export type { NoticePage, PageLink } from './pages/notice-page.js'
export { errorPages, type ErrorPage, type ErrorPagesOptions } from './pages/error-pages/error-pages.js'
export type { PageContext, PagesOptions } from './pages/context.js'
export type { Brand } from './pages/brand.js'
export type { Messages, Translation } from './pages/messages/catalog.js'
export type { ErrorCode, Problem, ShownError } from './pages/problem.js'
export type { Page, Render } from './pages/page.js'
export { VerifyUnavailable, type Verify } from './pages/verify.js'
export type { RenderPages } from './pages/renderers.js'

export {
  CrossSiteRequest,
  EphemeralError,
  GuestLimitExceeded,
  GuestNotDeleted,
  GuestNotVerified,
  GuestRequired,
  GuestStateUnknown,
  InvalidVisitorPass,
  LimiterUnavailable,
  LogoutUnconfirmed,
  MergeFailed,
  MiddlewareOrder,
  NotGuestError,
  RegularUserRequired,
  SessionRenewalUnsupported,
  SessionRequired,
  TablesMissing,
  UsernameExhausted,
  VisitorAccessDenied,
} from './errors.js'
export { InvalidOption } from './invalid-option.js'
export type { RefusalReason } from './refusal-reason.js'
