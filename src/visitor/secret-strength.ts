/** Why a secret is easily found out: what signs links or sessions must not be guessed by trying. */
export type SecretWeakness = 'short' | 'repetitive' | 'guessable'

/** Characters that a secret should have at least: 32 of base64 are 192 bits. */
export const SHORTEST_SECRET = 32

/** Fewer different characters than this in so long a text are no accident. */
const FEWEST_CHARACTERS = 8

/** What stands in examples, and what people type when they mean to change it later. */
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

/** What is weak about a secret, if something obviously is. Silence is no proof: only its maker knows how random it is. */
export function weaknessOf(secret: string): SecretWeakness | undefined {
  if (secret.length < SHORTEST_SECRET) return 'short'
  if (new Set(secret).size < FEWEST_CHARACTERS || repeatsItself(secret)) return 'repetitive'
  const letters = secret.toLowerCase().replace(/[^a-z0-9]/g, '')
  return PLACEHOLDERS.some((word) => letters.includes(word)) ? 'guessable' : undefined
}

/** Whether it is a shorter text, several times over. */
function repeatsItself(secret: string): boolean {
  return (secret + secret).indexOf(secret, 1) < secret.length
}
