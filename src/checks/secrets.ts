import { weaknessOf, SHORTEST_SECRET, type SecretWeakness } from '../visitor/secret-strength.js'
import { visitorSettings, type Visitor } from '../visitor/visitor.js'
import type { Finding } from './finding.js'

const WEAKNESSES: Readonly<Record<SecretWeakness, string>> = {
  short: `is shorter than ${SHORTEST_SECRET} characters`,
  repetitive: 'repeats the same few characters',
  guessable: 'has a word in it that stands in examples',
}
const MAKE_ONE = 'Make one with: openssl rand -base64 32'

/** What can be said of the secrets that sign visitors' links; nothing of what they are. */
export function checkVisitorSecret(Passes: typeof Visitor, isProduction: boolean): Finding[] {
  const { secrecy, uuidIsToken } = Passes[visitorSettings].codec
  return [
    ...secrecy.weaknesses.map((weakness): Finding => ({
      code: 'secret-weak',
      severity: isProduction ? 'error' : 'warning',
      message: `A secret of ${Passes.name} ${WEAKNESSES[weakness]}: whoever finds it out and reads the table opens every link.`,
      remedy: `${MAKE_ONE}, and put it first in an array, so that links that were sent out still open: secret: [new, old].`,
    })),
    ...(secrecy.signs
      ? []
      : [
          {
            code: 'secret-absent',
            severity: 'warning',
            message: `${Passes.name} has no secret that signs: whoever reads its table, or a backup of it, opens every link.`,
            remedy: `${MAKE_ONE}, and let bare UUIDs that were sent out expire: secret: [new, false].`,
          } as const,
        ]),
    ...(secrecy.signs && uuidIsToken
      ? [
          {
            code: 'secret-accepts-bare-uuids',
            severity: 'note',
            message: `${Passes.name} signs its links, and still lets bare UUIDs in: whoever reads the table opens every link.`,
            remedy: 'Take false out of the secrets once the links that were sent out bare have expired.',
          } as const,
        ]
      : []),
  ]
}

/** The same of the secrets that sign the session's cookie. */
export function checkSessionSecrets(secrets: readonly unknown[], isProduction: boolean): Finding[] {
  const weaknesses = secrets.map((secret) => (typeof secret === 'string' ? weaknessOf(secret) : undefined))
  return [...new Set(weaknesses)].flatMap((weakness): Finding[] =>
    weakness === undefined
      ? []
      : [
          {
            code: 'session-secret-weak',
            severity: isProduction ? 'error' : 'warning',
            message: `A secret of the session ${WEAKNESSES[weakness]}.`,
            remedy: `${MAKE_ONE}, and put it first in an array, so that sessions go on: secret: [new, old].`,
          },
        ],
  )
}
