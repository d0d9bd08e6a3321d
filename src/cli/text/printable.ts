/** Controls (C0, DEL, C1), line and paragraph separators, and what turns the direction of writing around. */
const HARMFUL = /[\p{Cc}\u2028\u2029\u200e\u200f\u061c\u202a-\u202e\u2066-\u2069]/gu
const SPACES = /[\t\n\r\u2028\u2029]+/gu

/**
 * Text of strangers, fit for a terminal: on one line, and without the characters that would move the cursor, colour what
 * follows or forge another line.
 */
export function printable(text: string): string {
  return text.replace(SPACES, ' ').replace(HARMFUL, '')
}

/** The same for a text of several lines, which stay. */
export function printableLines(text: string): string {
  return text.split(/\r?\n/u).map(printable).join('\n')
}
