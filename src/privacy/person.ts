import type { Attributes, FindOptions, Model, ModelStatic, Transaction, WhereOptions } from 'sequelize'
import { InvalidOption } from '../invalid-option.js'
import { checkCleanupModels } from '../cleanup/cleanup.js'
import type { CleanupModels } from '../cleanup/options.js'
import { guestSettings } from '../guest/guest.js'
import type { PendingConversion } from '../guest/conversion/pending-conversion.js'
import { aString, checkOptions } from '../options.js'
import { spellingsOf } from '../pages/typed-text.js'
import { inAnyCase } from '../visitor/pass-conditions.js'
import type { Visitor } from '../visitor/visitor.js'

/** The models whose rows can name a person by an e-mail address: the object that `cleanup` takes will do. */
export type PersonModels = Pick<CleanupModels, 'Guest' | 'Visitor' | 'VisitorLog'>

/** Whose rows. */
export interface PersonOptions {
  /** The person's e-mail address, in any letter case. */
  email: string
}

/** Whose rows, and in which models. */
export interface Person {
  readonly Passes: typeof Visitor | undefined
  readonly Pending: typeof PendingConversion | undefined
  /** Of the address. */
  readonly spellings: readonly string[]
}

/** Looser than `judgeEmail`: what a model's validator has let through can be asked for, such as a mailbox in quotes. */
const ADDRESS = /.@./su

/** @throws {TypeError} if no model is given, or the address is none */
export function personOf(caller: string, models: PersonModels, options: PersonOptions): Person {
  checkCleanupModels(caller, models)
  checkOptions(caller, options, { email: aString }, ['email'])
  const { Guest, Visitor: Passes } = models
  if (Guest === undefined && Passes === undefined)
    throw new InvalidOption(`${caller}: give it Guest or Visitor`)
  if (!ADDRESS.test(options.email.trim()))
    throw new InvalidOption(`${caller}: option 'email' is not an address`)
  return {
    Passes,
    Pending: Guest?.[guestSettings].PendingConversion,
    spellings: spellingsOf(options.email),
  }
}

/**
 * The person's rows in a model. Databases can take other letters for the same, as MariaDB does with é and e: only a row whose address
 * is the same in JavaScript is the person's.
 *
 * @param transaction locks the rows, and no others
 */
export async function rowsOf<M extends Model & { readonly email: string }>(
  Model: ModelStatic<M>,
  { spellings }: Pick<Person, 'spellings'>,
  transaction?: Transaction,
): Promise<M[]> {
  const key = Model.primaryKeyAttribute as keyof M & string
  const lowered = spellings.map((spelling) => spelling.toLowerCase())
  const isTheirs = ({ email }: M): boolean => lowered.includes(email.toLowerCase())
  const query: FindOptions<Attributes<M>> = { order: [key], raw: false, ...(transaction && { transaction }) }
  const read = await Model.unscoped().findAll({ ...query, where: inAnyCase(Model, spellings) })
  const theirs = read.filter(isTheirs)
  if (transaction === undefined || theirs.length === 0) return theirs
  const where = { [key]: theirs.map((row) => row[key]) } as WhereOptions<M>
  const locked = await Model.unscoped().findAll({ ...query, where, lock: true })
  return locked.filter(isTheirs)
}
