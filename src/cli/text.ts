/** Controls (C0, DEL, C1), line and paragraph separators, and marks that change the direction of writing. */
const HARMFUL = /[\p{Cc}\u2028\u2029\u200e\u200f\u061c\u202a-\u202e\u2066-\u2069]/gu
const SPACES = /[\t\n\r\u2028\u2029]+/gu
/** The characters of these that `JSON.stringify` does not escape. */
const HARMFUL_IN_JSON = /[\u007f-\u009f\u2028\u2029\u200e\u200f\u061c\u202a-\u202e\u2066-\u2069]/g

/**
 * Untrusted text, safe for a terminal: on one line, and without the characters that move the cursor, change colours or
 * forge another line.
 */
export function printable(text: string): string {
  return text.replace(SPACES, ' ').replace(HARMFUL, '')
}

/** The same for a text of several lines, which are kept. */
export function printableLines(text: string): string {
  return text.split(/\r?\n/u).map(printable).join('\n')
}

/** A value as one JSON document, safe for a terminal as well. */
export function jsonDocument(value: unknown): string {
  return JSON.stringify(value, null, 2).replace(
    HARMFUL_IN_JSON,
    (character) => `\\u${character.charCodeAt(0).toString(16).padStart(4, '0')}`,
  )
}

/** A count for people: `12,000`. */
export function grouped(count: number): string {
  return count.toLocaleString('en')
}

/** `1 pass`, `2 passes`, `12,000 passes`. */
export function counted(count: number, one: string, many = `${one}s`): string {
  return `${grouped(count)} ${count === 1 ? one : many}`
}

/** An instant in UTC, to the minute: 2026-11-24 18:05. */
export function minute(instant: Date): string {
  return instant.toISOString().slice(0, 16).replace('T', ' ')
}

/** An instant in UTC, to the second. */
export function second(instant: Date): string {
  return instant.toISOString().slice(0, 19).replace('T', ' ')
}
