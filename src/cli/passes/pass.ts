import type { WhereOptions } from 'sequelize'
import { spellingsOf } from '../../pages/typed-text.js'
import { rowsOf } from '../../privacy/person.js'
import { visitorSettings, type Visitor } from '../../visitor/visitor.js'
import { CommandError, UsageError } from '../failure.js'

/** Which passes a command works on: one by its uuid or id, or those of an address, perhaps of one scope. */
export interface PassSelection {
  readonly pass?: string | undefined
  readonly email?: string
  readonly scope?: string
}

const ID = /^[1-9]\d{0,9}$/
const LARGEST_ID = 2 ** 31 - 1
const UUID = /^[\da-f]{8}(-[\da-f]{4}){3}-[\da-f]{12}$/i
const MOST_NAMED = 5

/** Whether a uuid alone opens nothing, and may be shown. */
export function showsUuids(Passes: typeof Visitor): boolean {
  return !Passes[visitorSettings].codec.uuidIsToken
}

/** A pass as the commands print it. Spelled out: declarations cannot name what Sequelize's own attributes are made of. */
export interface DescribedPass extends Pick<
  Visitor,
  'id' | 'email' | 'scope' | 'uses' | 'maxUses' | 'selfService' | 'createdAt' | 'expiresAt' | 'lastUsedAt'
> {
  readonly uuid?: string
  readonly name: string
  readonly state: string
}

/** A pass for people and programs: without its uuid where that opens the link by itself. */
export function describePass(Passes: typeof Visitor, pass: Visitor): DescribedPass {
  const { id, uuid, fullName, email, scope, uses, maxUses, selfService, createdAt, expiresAt, lastUsedAt } =
    pass
  return {
    id,
    ...(showsUuids(Passes) && { uuid }),
    name: fullName,
    email,
    scope,
    state: pass.invalidity() ?? 'open',
    ...{ uses, maxUses, selfService, createdAt, expiresAt, lastUsedAt },
  }
}

/** Name and address of the visitor, or the address alone. */
export function nameAndAddress({ name, email }: DescribedPass): string {
  return name === '' ? email : `${name} <${email}>`
}

/**
 * The condition for one pass, by its uuid or its id.
 *
 * @throws {UsageError} if it is neither
 */
function whereNamed(pass: string): WhereOptions<Visitor> {
  if (UUID.test(pass)) return { uuid: pass.toLowerCase() }
  if (ID.test(pass) && Number(pass) <= LARGEST_ID) return { id: Number(pass) }
  throw new UsageError('A pass is named by its uuid or its id, as passport-ephemeral visitors prints them')
}

/**
 * The condition for the passes of an address, in any letter case, and of a scope; everything if neither is given. Only passes whose
 * address is the same in JavaScript are those of the address: see {@link rowsOf}.
 */
export async function whereMatching(
  Passes: typeof Visitor,
  { email, scope }: Omit<PassSelection, 'pass'>,
): Promise<WhereOptions<Visitor>> {
  if (email === undefined) return scope === undefined ? {} : { scope }
  const passes = await rowsOf(Passes, { spellings: spellingsOf(email) })
  return { id: passes.filter((pass) => scope === undefined || pass.scope === scope).map(({ id }) => id) }
}

/**
 * The condition for the passes that a command works on.
 *
 * @throws {UsageError} if it is not clear which, so that no command works on every pass by mistake
 */
export async function whereSelected(
  Passes: typeof Visitor,
  selection: PassSelection,
): Promise<WhereOptions<Visitor>> {
  const { pass, email, scope } = selection
  const isAmbiguous = pass === undefined ? email === undefined : email !== undefined || scope !== undefined
  if (isAmbiguous) {
    throw new UsageError('Name the passes: either <uuid or id>, or --email <address>, perhaps with --scope')
  }
  return pass === undefined ? await whereMatching(Passes, selection) : whereNamed(pass)
}

/**
 * The only pass that is selected.
 *
 * @throws {CommandError} if none matches
 * @throws {UsageError} if several match
 */
export async function findOnePass(Passes: typeof Visitor, selection: PassSelection): Promise<Visitor> {
  const found = await Passes.findAll({
    where: await whereSelected(Passes, selection),
    order: [['id', 'DESC']],
    limit: MOST_NAMED,
  })
  const [pass, ...others] = found
  if (pass === undefined) throw new CommandError('ERR_PASS_NOT_FOUND', 'There is no such pass')
  if (others.length === 0) return pass
  throw new UsageError(`Several passes match. Name one by its id: ${found.map(({ id }) => id).join(', ')}, …`)
}
