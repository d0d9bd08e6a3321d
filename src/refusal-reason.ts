/**
 * Why a request is not admitted as a visitor's, for the application's logs. Do not print it to the client, who must not be
 * able to tell `unknown`, `expired`, `deactivated` and `used-up` apart.
 */
export type RefusalReason =
  | 'no-visitor' // no token, and no visitor in the session
  | 'malformed' // the link is damaged: its token is cut off or missing, or it has the tokens of two passes
  | 'unknown' // the token's signature is wrong, or the pass does not exist
  | 'expired' // the pass exists, and its link no longer opens a visit: this and the next two
  | 'deactivated'
  | 'used-up'
  | 'session-ended' // the visit lasted as long as the pass's `sessionExpiry` allows
  | 'gone' // the session's pass was deleted from the database
  | 'reissued' // the visit began by a link that `reissue()` has replaced
  | 'wrong-scope' // a visitor of another scope
  | 'unconfirmed' // the pass has `maxUses`, and the visitor has not pressed the button yet
