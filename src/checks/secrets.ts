import { finding, type Finding } from './finding.js'

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

/** What is checked of a model of visitors' passes; the secrets themselves are not. */
interface SignedModel {
  readonly name: string
  readonly secrecy: { readonly signs: boolean; readonly weaknesses: readonly SecretWeakness[] }
  readonly uuidIsToken: boolean
}

/** The findings about the secrets that sign visitors' links. No message repeats a secret. */
export function checkVisitorSecret(
  { name, secrecy, uuidIsToken }: SignedModel,
  isProduction: boolean,
): Finding[] {
  const findings = secrecy.weaknesses.map((weakness) =>
    finding(
      'WEAK_VISITOR_SECRET',
      isProduction ? 'error' : 'warning',
      `A secret of ${name} ${WEAKNESSES[weakness]}: an attacker who guesses it and reads the table opens every link.`,
      `${MAKE_A_SECRET}, and put it first in an array, so that links that were sent out still open: secret: [new, old].`,
    ),
  )
  if (!secrecy.signs) {
    findings.push(
      finding(
        'VISITOR_SECRET_MISSING',
        'warning',
        `${name} has no secret that signs: anyone who reads its table, or a backup of it, opens every link.`,
        `${MAKE_A_SECRET}, and let bare UUIDs that were sent out expire: secret: [new, false].`,
      ),
    )
  } else if (uuidIsToken) {
    findings.push(
      finding(
        'BARE_UUIDS_ACCEPTED',
        'note',
        `${name} signs its links, and still accepts bare UUIDs: anyone who reads the table opens every link.`,
        'Remove false from the secrets once the links that were sent out bare have expired.',
      ),
    )
  }
  return findings
}
