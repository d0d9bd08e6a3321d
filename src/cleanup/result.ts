/** What a clean-up deletes, in this order. */
export type CleanupKind = 'pendingConversions' | 'guests' | 'visits' | 'passes' | 'outcomes'

/** How far a clean-up has come with one kind of rows; passed to `onProgress` after every batch. */
export interface CleanupProgress {
  readonly kind: CleanupKind
  /** Rows of this kind that this run has deleted. */
  readonly deleted: number
  /** Guests or passes that were due, and stayed because of `keep`, or of a conversion whose link was sent meanwhile. */
  readonly kept: number
  /** Rows that were due, and could not be deleted. */
  readonly failed: number
}

/** What {@link cleanup} deleted; with `dryRun`, what it would have deleted. */
export interface CleanupResult {
  /** Guests, with their users. */
  readonly guests: number
  /** Pending conversions that were not confirmed in time. */
  readonly pendingConversions: number
  readonly passes: number
  readonly visits: number
  /** Rows of the outcomes table, which count how guests ended. */
  readonly outcomes: number
  /** Guests and passes that were due, and stayed because of `keep`, or of a conversion whose link was sent meanwhile. */
  readonly kept: number
  /**
   * Rows that were due, and could not be deleted: mostly because a row of the application refers to them by a foreign key without
   * `ON DELETE CASCADE` or `SET NULL`. `passport-ephemeral doctor` names such keys. The next run tries them again; exclude them by `keep`.
   * A dry run, which deletes nothing, finds none.
   */
  readonly failed: number
  /** Why: the messages of the database, or of a hook, for the first few of them. */
  readonly failureReasons: readonly string[]
  /**
   * Whether the end of every kind of rows was reached. Rows that another clean-up or a request had locked do not count: they are
   * left for the next run.
   */
  readonly isComplete: boolean
  /** The option that ended the run, or the first kind of rows that was not completed. */
  readonly stoppedBy: StopReason | undefined
  readonly isDryRun: boolean
  /** Whether `User` is `paranoid`. Guests are deleted all the same, not only marked as deleted. */
  readonly ignoresParanoid: boolean
}

/** The option of {@link cleanup} that ended a run before all was done. */
export type StopReason = 'timeBudget' | 'signal' | 'maxFailed'
