/**
 * What was typed, on one line and in one spelling, so that what looks alike is alike. PostgreSQL's text holds no NUL, and
 * refuses halves of surrogate pairs.
 */
export function oneLine(typed: string): string {
  return typed
    .toWellFormed()
    .normalize()
    .replace(/[\s\p{Cc}]+/gu, ' ')
    .trim()
}
