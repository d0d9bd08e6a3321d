/**
 * The files that guard a door, and the tests that attack each: the test of the same path, and those of the features that rely on it.
 * Stryker runs, for each mutant, those of them that reach it.
 */
export const DOORS: Readonly<Record<string, readonly string[]>> = {
  'src/visitor/token.ts': ['visitor/token'],
  'src/visitor/scope.ts': ['visitor/ensure-visitor', 'visitor/visitor'],
  'src/visitor/ensure-visitor.ts': ['visitor/ensure-visitor', 'checks/runtime/order-checks'],
  'src/visitor/visit.ts': ['visitor/redeem', 'visitor/ensure-visitor', 'visitor/visit-in-login'],
  'src/visitor/visit-cookie.ts': ['visitor/redeem', 'http/own-cookies', 'visitor/visits/sharing'],
  'src/visitor/visit-entry.ts': ['visitor/redeem', 'visitor/visits/sharing', 'visitor/visit-in-login'],
  'src/visitor/redeem.ts': ['visitor/redeem', 'visitor/confirmation', 'visitor/visit-in-login'],
  'src/http/origin.ts': [
    'http/origin',
    'http/foreign-requests',
    'http/strict-cookie',
    'visitor/link-previews',
  ],
  'src/http/session.ts': ['guest/session', 'http/stale-session', 'http/own-cookies', 'session-stores'],
  'src/http/session-renewal.ts': ['guest/session', 'http/late-answer', 'http/stale-session'],
  'src/http/stale-session.ts': ['http/stale-session', 'http/late-answer', 'http/late-answer-elsewhere'],
  'src/http/late-answer.ts': ['http/late-answer', 'http/late-answer-elsewhere'],
  'src/http/renewal-notes.ts': ['http/late-answer', 'http/late-answer-elsewhere'],
  'src/http/signed-cookie.ts': ['http/signed-cookie'],
  'src/guest/guards.ts': ['guest/guards', 'guest/two-models', 'checks/runtime/order-checks'],
  'src/guest/reason-for-none.ts': ['guest/make-or-join-guest', 'guest/surroundings', 'http/foreign-requests'],
  'src/guest/make-or-join-guest.ts': ['guest/make-or-join-guest', 'guest/strategy', 'guest/surroundings'],
  'src/guest/load-guest.ts': ['guest/strategy', 'guest/session', 'guest/two-models'],
  'src/guest/session.ts': ['guest/session', 'guest/user-key', 'guest/two-models'],
  'src/guest/conversion/access.ts': ['guest/conversion/router', 'guest/conversion/confirmation'],
  'src/guest/conversion/convert.ts': ['guest/conversion/convert', 'guest/conversion/taken'],
  'src/guest/conversion/confirmation.ts': ['guest/conversion/confirmation', 'guest/conversion/code'],
  'src/guest/merge/intercept-login.ts': ['guest/merge/login', 'guest/merge/at-once'],
  'src/guest/merge/merge-transaction.ts': [
    'guest/merge/login',
    'guest/merge/at-once',
    'guest/merge/isolation',
  ],
  'src/pages/one-time-code.ts': ['guest/conversion/code', 'visitor/self-service/code'],
  'src/pages/confirm-by-code.ts': ['guest/conversion/code', 'visitor/self-service/code'],
  'src/admin/access.ts': ['admin/access'],
  'src/admin/csrf.ts': ['admin/access', 'admin/passes'],
}
