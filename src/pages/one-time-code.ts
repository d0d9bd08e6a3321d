import { createHash, randomBytes, randomInt, timingSafeEqual } from 'node:crypto'
import { literal, Op, type Model, type ModelStatic, type WhereOptions } from 'sequelize'
import { quotedField, sequelizeOf } from '../database/columns.js'
import { withoutPreparing } from '../database/prepared.js'
import { retryTransaction } from '../database/transactions.js'

/*
 * A code from a message, typed in the browser that asked for it, in place of following the message's link. OWASP ASVS 5.0 (6.6.2 to
 * 6.6.4) and NIST SP 800-63B (out-of-band authenticators) ask for: random digits of a cryptographic generator (at least 20 bits; these
 * are 26), ten minutes at most, one use (which a double click shares), few attempts, and the binding to the request that it answers.
 */

const DIGITS = 8

/** Seconds. */
export const CODE_LIFETIME = 10 * 60

const MAX_ATTEMPTS = 5

/** A new code, and what becomes of it: the message gets the code, the browser the secret, and the database the hash. */
export interface OneTimeCode {
  readonly code: string
  /** Only with it can the code be tried: neither another browser nor a reader of the database can. */
  readonly secret: string
  readonly hash: string
}

export function makeCode(): OneTimeCode {
  const code = String(randomInt(10 ** DIGITS)).padStart(DIGITS, '0')
  const secret = randomBytes(24).toString('base64url')
  return { code, secret, hash: hashOfCode(secret, code) }
}

export function hashOfCode(secret: string, code: string): string {
  return createHash('sha256').update(`${secret}\0${code}`).digest('base64url')
}

/** The field in which a code is typed: also with blanks or hyphens between the digits, as it may be read out or copied. */
export const codeField = {
  name: 'code',
  type: 'text',
  autocomplete: 'one-time-code',
  inputMode: 'numeric',
  maxLength: 40,
  pattern: `\\s*(?:\\p{Nd}[\\s\\-]*){${String(DIGITS)}}`,
} as const

/** How many digits a code has, for the words beside its field. */
export const CODE_DIGITS = DIGITS

/** The code that was typed, in ASCII digits; `undefined` if it is none. Arabic and Persian keyboards have digits of their own. */
export function readCode(typed: string): string | undefined {
  const code = typed
    .normalize('NFKC')
    .replace(/[\u0660-\u0669\u06f0-\u06f9]/g, (digit) => String(digit.charCodeAt(0) % 16))
    .replace(/[\s\p{Pd}]+/gu, '')
  return code.length === DIGITS && /^\d+$/.test(code) ? code : undefined
}

/** The columns of a row that a code confirms. It was stored when the code was made. */
export interface RowWithCode extends Model {
  /** `null`: without a code, or with one that is used. */
  codeHash: string | null
  codeAttempts: number
  createdAt: Date
  expiresAt: Date
}

/** What came of an attempt: the row that the code confirms; or how many more attempts there are, none if the code is void. */
export type Attempt<R> = { readonly row: R } | { readonly attemptsLeft: number; readonly isWrong: boolean }

/**
 * Tries a code on the row of this condition. The attempt is counted before the code is compared, by one statement with a condition:
 * of any number of attempts at once, in whichever processes, five at most are compared. The code can be used until the caller
 * deletes its hash or the row.
 *
 * @param secrets of the browser; several if another site has planted a cookie beside ours
 */
export async function tryCode<R extends RowWithCode>(
  Rows: ModelStatic<R>,
  where: WhereOptions,
  { code, secrets }: { readonly code: string; readonly secrets: readonly string[] },
): Promise<Attempt<R>> {
  const isVoid = { attemptsLeft: 0, isWrong: false }
  if (secrets.length === 0) return isVoid
  const now = Date.now()
  const isOpen = {
    codeHash: { [Op.ne]: null },
    codeAttempts: { [Op.lt]: MAX_ATTEMPTS },
    createdAt: { [Op.gt]: new Date(now - CODE_LIFETIME * 1000) },
    expiresAt: { [Op.gt]: new Date(now) },
  }
  const oneMore = literal(`${quotedField(Rows, 'codeAttempts')} + 1`)
  const options = {
    where: { [Op.and]: [where, isOpen] } as never,
    silent: true,
    hooks: false,
    validate: false,
    ...withoutPreparing(sequelizeOf(Rows)),
  }
  const [counted] = await retryTransaction(() => Rows.unscoped().update({ codeAttempts: oneMore }, options))
  if (counted === 0) return isVoid
  const row = await Rows.unscoped().findOne({ where: where as never, useMaster: true })
  if (row?.codeHash == null) return isVoid // used, or deleted, by a parallel request
  const stored = Buffer.from(row.codeHash)
  if (secrets.some((secret) => isSame(stored, Buffer.from(hashOfCode(secret, code))))) return { row }
  return { attemptsLeft: Math.max(0, MAX_ATTEMPTS - row.codeAttempts), isWrong: true }
}

function isSame(stored: Buffer, given: Buffer): boolean {
  return stored.length === given.length && timingSafeEqual(stored, given)
}
