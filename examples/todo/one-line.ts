/**
 * The text on one line and in Unicode's normal form, so that texts that look the same are equal. PostgreSQL's text
 * accepts neither NUL nor lone surrogates.
 */
export function oneLine(typed: string): string {
  return typed
    .toWellFormed()
    .normalize()
    .replace(/[\s\p{Cc}]+/gu, ' ')
    .trim()
}
