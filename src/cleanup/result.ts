/** What a clean-up goes through, in this order. */
export type CleanupKind = 'pendingConversions' | 'guests' | 'visits' | 'passes' | 'outcomes'

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
  /** Pending conversions that nobody confirmed in time. */
  readonly pendingConversions: number
  readonly passes: number
  readonly visits: number
  /** Notes of how guests ended. */
  readonly outcomes: number
  /** Guests and passes that were due, and stayed because `keep` said so. */
  readonly kept: number
  /**
   * Rows that were due, and could not be deleted: mostly because a row of the application's refers to them by a foreign key
   * without `ON DELETE CASCADE` or `SET NULL`. `passport-ephemeral doctor` names such keys.
   * A dry run, which deletes nothing, finds none.
   */
  readonly blocked: number
  /** What the database, or a hook, said of the first few of those. */
  readonly blockedBy: readonly string[]
  /**
   * Whether everything that was due was looked at; if not, `stoppedBy` says why not. `'blocked'`: so many on end could not be deleted that
   * some behind them were passed over; which ones is left to chance, so that each has its turn in one of the next runs. Rows that
   * another clean-up or a request held do not count: they are looked at in the next run.
   */
  readonly isComplete: boolean
  readonly stoppedBy: 'timeBudget' | 'signal' | 'blocked' | undefined
  readonly isDryRun: boolean
  /** Whether `User` is `paranoid`: guests are deleted for good all the same, not only marked as deleted. */
  readonly isForced: boolean
}
