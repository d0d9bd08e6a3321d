/** What a clean-up goes through, in this order. */
export type CleanupKind = 'wishes' | 'guests' | 'visits' | 'passes' | 'outcomes'

/** How far a clean-up has come with one kind of rows; told after every batch. */
export interface CleanupProgress {
  readonly kind: CleanupKind
  /** Rows of this kind that this run has deleted. */
  readonly deleted: number
  /** Guests or passes that were due, and stayed because `keep` said so. */
  readonly kept: number
  /** Guests that could not be deleted. */
  readonly blocked: number
}

/** What {@link cleanup} did; with `dryRun`, would have done. */
export interface CleanupResult {
  /** Guests that were deleted, with their users. */
  readonly guests: number
  /** Wishes that nobody confirmed in time. */
  readonly wishes: number
  readonly passes: number
  readonly visits: number
  /** Notes of how guests ended. */
  readonly outcomes: number
  /** Guests and passes that were due, and stayed because `keep` said so. */
  readonly kept: number
  /**
   * Guests that were due, and could not be deleted: mostly because a row of the application's refers to them by a foreign key
   * without `ON DELETE CASCADE` or `SET NULL`. `passport-ephemeral doctor` names such keys.
   */
  readonly blocked: number
  /** What the database, or a hook, said of the first few of those. */
  readonly blockedBy: readonly string[]
  /**
   * Whether everything that was due was looked at; if not, `stoppedBy` says why not: `'blocked'`, if a hundred guests on end could not be
   * deleted. The next run goes on.
   */
  readonly isComplete: boolean
  readonly stoppedBy: 'timeBudget' | 'signal' | 'blocked' | undefined
  readonly isDryRun: boolean
  /** Whether `User` is `paranoid`: guests are deleted for good all the same, not only marked as deleted. */
  readonly isForced: boolean
}
