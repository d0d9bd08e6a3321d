import { randomInt } from 'node:crypto'
import { bodyOf, type Answer } from '../support/browser.js'
import type { Who } from '../support/application.js'
import { HTML, PASSWORD, type Cast, type Needs } from './cast.js'

/** What the answer to an operation promises. */
export interface Claim {
  readonly answer: Answer
  /** Whether the operation has done what it was asked for. */
  readonly isDone: boolean
  /** The user who is logged in. */
  readonly user?: number | undefined
  /** The username that the guest has got. */
  readonly username?: string
  /** The pass with which the browser was admitted. */
  readonly pass?: number
}

export interface Operation extends Needs {
  /** @param turn which of the two of its round it is */
  readonly act: (cast: Cast, turn: 0 | 1) => Promise<Claim>
}

/** What can happen to the guest or visitor of a browser. */
export const operations = {
  'first request': {
    async act({ tabs }, turn) {
      const answer = await tabs[turn].postJson('/guest', {})
      const { user } = bodyOf(answer) as unknown as Who
      return { answer, isDone: user !== null, user: user?.id }
    },
  },
  redeem: {
    passes: true,
    async act({ tabs, passes }, turn) {
      const answer = await tabs[turn].get(passes?.plain.link ?? '', HTML)
      return { answer, isDone: isAdmitted(answer), pass: passes?.plain.id ?? 0 }
    },
  },
  'limited redeem': {
    passes: true,
    async act({ tabs, passes }, turn) {
      const answer = await tabs[turn].postForm(passes?.limited.link ?? '', {})
      return { answer, isDone: isAdmitted(answer), pass: passes?.limited.id ?? 0 }
    },
  },
  convert: {
    guest: true,
    async act({ tabs, stage }, turn) {
      const username = stage.newName()
      const fields = { username, password: PASSWORD, passwordAgain: PASSWORD }
      const answer = await tabs[turn].postForm('/convert', fields)
      return { answer, isDone: isSuccess(answer), username }
    },
  },
  confirm: {
    guest: true,
    pendingConversion: true,
    async act({ tabs, pending }, turn) {
      const answer = await tabs[turn].postForm(pending?.link ?? '', {})
      // Status 200: the account exists, and is not logged in here.
      return { answer, isDone: isSuccess(answer) || answer.status === 200, username: pending?.username ?? '' }
    },
  },
  code: {
    guest: true,
    pendingConversion: true,
    async act({ tabs, pending }, turn) {
      const answer = await tabs[turn].postForm('/verified/code', { code: pending?.code ?? '' })
      return { answer, isDone: isSuccess(answer), username: pending?.username ?? '' }
    },
  },
  merge: {
    guest: true,
    async act({ tabs, accounts }, turn) {
      const { id: user, username } = accounts[turn]
      const answer = await tabs[turn].postJson('/login', { username, password: PASSWORD })
      return { answer, isDone: answer.status === 200, user }
    },
  },
  logout: {
    guest: true,
    async act({ tabs }, turn) {
      const answer = await tabs[turn].postJson('/logout?confirm=yes', {})
      return { answer, isDone: answer.status === 204 }
    },
  },
  delete: {
    guest: true,
    async act({ operators, guest, email }, turn) {
      const answer = await operators[turn].postJson('/delete', { email, id: guest?.id ?? null })
      return { answer, isDone: bodyOf(answer)['isDeleted'] === true }
    },
  },
  'clean-up': {
    guest: true,
    async act({ operators, guest }, turn) {
      const answer = await operators[turn].postJson('/clean-up', { id: guest?.id })
      return { answer, isDone: bodyOf(answer)['isDeleted'] === true }
    },
  },
  deactivate: {
    passes: true,
    async act({ operators, email }, turn) {
      const answer = await operators[turn].postJson('/deactivate', { email })
      return { answer, isDone: answer.status === 200 }
    },
  },
} satisfies Readonly<Record<string, Operation>>

export type OperationName = keyof typeof operations

/** Every operation with every other one, and with itself. */
export const pairs: readonly (readonly [OperationName, OperationName])[] = pairsOf(
  Object.keys(operations) as OperationName[],
)

function pairsOf<T>(all: readonly T[]): (readonly [T, T])[] {
  return all.flatMap((one, place) => all.slice(place).map((other) => [one, other] as const))
}

/** Longer than most requests take, so that they overlap at every point. */
export const LONGEST_DELAY_MS = 8

export function randomDelay(): number {
  return randomInt(LONGEST_DELAY_MS)
}

/** The redirect to the page without the token. */
function isAdmitted({ status, location }: Answer): boolean {
  return status === 303 && location === '/visit'
}

function isSuccess({ status, location }: Answer): boolean {
  return status === 303 && location?.endsWith('/success') === true
}
