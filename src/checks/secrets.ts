/** Why a secret is easily found out: a secret that signs links or sessions must not be guessable. */
export type SecretWeakness = 'short' | 'repetitive' | 'guessable'

/** The least number of characters of a secret: 32 of base64 are 192 bits. */
export const SHORTEST_SECRET = 32

/** So long a random text has at least this many different characters. */
const FEWEST_CHARACTERS = 8

/** Words of examples and of provisional values. */
const PLACEHOLDERS = [
  'secret',
  'changeme',
  'changethis',
  'replaceme',
  'replacethis',
  'keyboardcat',
  'password',
  'passphrase',
  'placeholder',
  'example',
  'yourkey',
  'development',
  'abcdefgh',
  'qwerty',
  '12345678',
]

/** What is obviously weak about a secret. `undefined` is no proof of strength: only its maker can judge how random it is. */
export function weaknessOf(secret: string): SecretWeakness | undefined {
  if (secret.length < SHORTEST_SECRET) return 'short'
  if (new Set(secret).size < FEWEST_CHARACTERS || repeatsItself(secret)) return 'repetitive'
  const letters = secret.toLowerCase().replace(/[^a-z0-9]/g, '')
  return PLACEHOLDERS.some((word) => letters.includes(word)) ? 'guessable' : undefined
}

function repeatsItself(secret: string): boolean {
  return (secret + secret).indexOf(secret, 1) < secret.length
}

export const WEAKNESSES: Readonly<Record<SecretWeakness, string>> = {
  short: `is shorter than ${String(SHORTEST_SECRET)} characters`,
  repetitive: 'repeats the same few characters',
  guessable: 'contains a word of an example',
}

export const MAKE_A_SECRET = 'Make one with: openssl rand -base64 32'
