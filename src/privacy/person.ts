import type { WhereOptions } from 'sequelize'
import { InvalidOption } from '../invalid-option.js'
import { checkCleanupModels } from '../cleanup/cleanup.js'
import type { CleanupModels } from '../cleanup/options.js'
import { guestSettings } from '../guest/guest.js'
import type { PendingConversion } from '../guest/conversion/pending-conversion.js'
import { aString, checkOptions } from '../options.js'
import { judgeEmail } from '../pages/typed-text.js'
import { ofAddress } from '../visitor/pass-conditions.js'
import type { Visitor } from '../visitor/visitor.js'

/** The models whose rows can name a person by an e-mail address: the object that `cleanup` takes will do. */
export type PersonModels = Pick<CleanupModels, 'Guest' | 'Visitor' | 'VisitorLog'>

/** Whose rows. */
export interface PersonOptions {
  /** The person's e-mail address, in any letter case. */
  email: string
}

/** The rows of a person, as conditions. */
export interface Person {
  readonly Passes: typeof Visitor | undefined
  readonly Pending: typeof PendingConversion | undefined
  readonly passes: WhereOptions
  readonly pendingConversions: WhereOptions
}

/** @throws {TypeError} if no model is given, or the address is none */
export function personOf(caller: string, models: PersonModels, options: PersonOptions): Person {
  checkCleanupModels(caller, models)
  checkOptions(caller, options, { email: aString }, ['email'])
  const { Guest, Visitor: Passes } = models
  if (Guest === undefined && Passes === undefined)
    throw new InvalidOption(`${caller}: give it Guest or Visitor`)
  const { value } = judgeEmail(options.email)
  if (value === undefined) throw new InvalidOption(`${caller}: option 'email' is not an address`)
  // An application can have stored the address in another spelling of its domain.
  const spellings = [...new Set([value.toLowerCase(), options.email.trim().toLowerCase()])]
  return {
    Passes,
    Pending: Guest?.[guestSettings].PendingConversion,
    passes: Passes === undefined ? {} : ofAddress(Passes, ...spellings),
    pendingConversions: { email: spellings },
  }
}
