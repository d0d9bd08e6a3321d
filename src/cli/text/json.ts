/** What JSON lets through as it is, and a terminal would obey. */
const OBEYED = /[\u007f-\u009f\u2028\u2029\u200e\u200f\u061c\u202a-\u202e\u2066-\u2069]/g

/** One JSON document for people and programs alike. */
export function jsonDocument(value: unknown): string {
  return JSON.stringify(value, null, 2).replace(
    OBEYED,
    (character) => `\\u${character.charCodeAt(0).toString(16).padStart(4, '0')}`,
  )
}
