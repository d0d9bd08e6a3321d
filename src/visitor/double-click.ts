import type { Visitor } from './visitor.js'

/*
 * A double click on the button of a link with `maxUses` counts one use. A browser takes the answer to the second click, so that
 * one must be admitted, too. `confirmedBy` of the pass holds which browser clicked last, and how often since the use was counted.
 */

/** That a person pressed the button. */
export interface Confirmation {
  /** A digest of what their browser was given with it; `undefined` for one that keeps no cookies. */
  readonly by: string | undefined
}

/** How long the same browser's next click on the button is taken for the same click. */
export const DOUBLE_CLICK_MS = 60_000

/** How many more clicks one counted use admits in that time. */
const MAX_REPEATED_CLICKS = 2

/** What `confirmedBy` holds after the first click and after each repeated one, as long as one more is admitted. */
export function repeatableClicks(by: string): string[] {
  return Array.from({ length: MAX_REPEATED_CLICKS }, (_, clicks) => afterClicks(by, clicks))
}

/** A click that was counted before then is not the same one. */
export function doubleClickSince(now: Date): Date {
  return new Date(now.getTime() - DOUBLE_CLICK_MS)
}

/** What `confirmedBy` holds once this click is admitted as a repeated one; `undefined` if it is none, or one too many. */
export function confirmedByNext(
  { isActive, hasExpired, confirmedBy, lastUsedAt }: Visitor,
  confirmation: Confirmation | undefined,
): string | undefined {
  const by = confirmation?.by
  if (by === undefined || !isActive || hasExpired) return undefined
  if ((lastUsedAt ?? 0) < doubleClickSince(new Date())) return undefined
  const clicks = repeatableClicks(by).indexOf(confirmedBy ?? '')
  return clicks === -1 ? undefined : afterClicks(by, clicks + 1)
}

function afterClicks(by: string, clicks: number): string {
  return clicks === 0 ? by : `${by}:${String(clicks)}`
}
