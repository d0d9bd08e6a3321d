/** The least number of characters of a secret: 32 of base64 are 192 bits. */
export const SHORTEST_SECRET = 32

export const MAKE_A_SECRET = 'Make one with: openssl rand -base64 32'

/** So long a random text has at least this many different characters. */
const FEWEST_CHARACTERS = 8

/** Words of examples and of provisional values. */
const PLACEHOLDER =
  /secret|changeme|changethis|replaceme|replacethis|keyboardcat|password|passphrase|placeholder|example|yourkey|development|abcdefgh|qwerty|12345678/

/**
 * What is obviously weak about a secret that signs links or sessions, for "the secret …". `undefined` is no proof of
 * strength: only its maker can judge how random it is.
 */
export function weaknessOf(secret: string): string | undefined {
  if (secret.length < SHORTEST_SECRET) return `is shorter than ${String(SHORTEST_SECRET)} characters`
  if (new Set(secret).size < FEWEST_CHARACTERS || repeatsItself(secret))
    return 'repeats the same few characters'
  return PLACEHOLDER.test(secret.toLowerCase().replace(/[^a-z0-9]/g, ''))
    ? 'contains a word of an example'
    : undefined
}

function repeatsItself(secret: string): boolean {
  return (secret + secret).indexOf(secret, 1) < secret.length
}
