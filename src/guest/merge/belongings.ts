import createDebug from 'debug'
import { type Model, type ModelStatic } from 'sequelize'
import { InvalidOption } from '../../invalid-option.js'
import { columnNameOf, sequelizeOf } from '../../database/columns.js'
import { guestSettings, type GuestModel } from '../guest.js'
import { referencesIn, tableOf, type Reference, type Scope } from './references.js'

const debug = createDebug('passport-ephemeral:guest')

/** A model whose rows go along; with the attribute that refers to their owner, if there are several or no association declares it. */
export type Reassigned =
  ModelStatic<Model> | { readonly model: ModelStatic<Model>; readonly foreignKey: string }

/** Rows of one model that go from the guest to the account. */
export interface Belonging {
  readonly model: ModelStatic<Model>
  /** The attribute that refers to their owner. */
  readonly foreignKey: string
  /** The attribute of `User` that it repeats, nearly always the primary key. */
  readonly userKey: string
  /** Empty if all rows are meant. */
  readonly scope: Scope
  /** Conditions under which a user has one such row at most, by the models' associations (`hasOne`). */
  readonly singles: readonly Scope[]
}

/** One attribute and what the application's models say of it. */
interface Attribute {
  readonly model: ModelStatic<Model>
  readonly foreignKey: string
  /** The references to `User`, among all of them. */
  readonly toUser: readonly Reference[]
  /** Whether it refers to other tables too. */
  readonly isShared: boolean
}

/**
 * What belongs to a user, by every association with `User`, whichever side declares it: the rows of a model that is not
 * moved would be deleted by the cascade with the guest's users row.
 */
export function everythingOf(Guest: GuestModel): Belonging[] {
  return attributesOf(Guest)
    .filter(({ toUser }) => toUser.length > 0)
    .flatMap((attribute) => belongingsOf(Guest, attribute))
}

/**
 * What the option `reassign` names.
 *
 * @throws {TypeError} naming a model of which it cannot be told whose its rows are
 */
export function reassignedOf(Guest: GuestModel, reassign: readonly Reassigned[]): Belonging[] {
  const attributes = attributesOf(Guest)
  return reassign.flatMap((entry) => {
    const model = 'foreignKey' in entry ? entry.model : entry
    const foreignKey = 'foreignKey' in entry ? entry.foreignKey : undefined
    checkModel(Guest, model, foreignKey)
    const named = attributes.filter(
      (attribute) =>
        tableOf(attribute.model) === tableOf(model) &&
        (foreignKey === undefined
          ? attribute.toUser.length > 0
          : columnNameOf(attribute.model, attribute.foreignKey) === columnNameOf(model, foreignKey)),
    )
    const belongings = named.flatMap((attribute) => belongingsOf(Guest, attribute))
    if (belongings.length > 0) return belongings
    const userKey = Guest[guestSettings].User.primaryKeyAttribute
    if (foreignKey !== undefined && named.length === 0)
      return [{ model, foreignKey, userKey, scope: {}, singles: [] }]
    throw new InvalidOption(
      `mergeGuest: option 'reassign' names ${model.name}, and nothing says which of its attributes refers to ` +
        `${Guest[guestSettings].User.name}, and to it alone: associate the two, or write { model: ${model.name}, foreignKey: '…' }`,
    )
  })
}

function checkModel(Guest: GuestModel, model: ModelStatic<Model>, foreignKey: string | undefined): void {
  const { name } = model
  if (guestSettings in model) {
    throw new InvalidOption(
      `mergeGuest: option 'reassign' names ${name}, which is a model of this package and goes with the guest`,
    )
  }
  if (model.sequelize !== sequelizeOf(Guest)) {
    throw new InvalidOption(
      `mergeGuest: option 'reassign' names ${name}, which is on another Sequelize instance than Guest`,
    )
  }
  if (foreignKey !== undefined && !Object.hasOwn(model.getAttributes(), foreignKey)) {
    throw new InvalidOption(
      `mergeGuest: option 'reassign' names '${foreignKey}', which ${name} does not have`,
    )
  }
}

/** All attributes that refer to something, but for this package's own models, which go with the guest. */
function attributesOf(Guest: GuestModel): Attribute[] {
  const sequelize = sequelizeOf(Guest)
  const users = tableOf(Guest[guestSettings].User)
  // The tables of this package: guests, their pending conversions, and how guests ended.
  const own = Object.values(sequelize.models)
    .filter((model): model is GuestModel => guestSettings in model)
    .flatMap((model) => [model, model[guestSettings].PendingConversion, model[guestSettings].Outcome])
    .map(tableOf)
  const columns = new Map<string, Reference[]>()
  for (const reference of referencesIn(sequelize)) {
    const column = columnOf(reference)
    columns.set(column, [...(columns.get(column) ?? []), reference])
  }
  return [...columns.values()].flatMap((references) => {
    const [first] = references
    if (first === undefined || own.includes(tableOf(first.model))) return []
    if (references.some(({ table }) => own.includes(table))) return []
    const toUser = references.filter(({ table }) => table === users)
    const { model, foreignKey } = first
    return [{ model, foreignKey, toUser, isShared: toUser.length < references.length }]
  })
}

/** Two models can share a table, and two associations an attribute: what is moved is a column. */
function columnOf({ model, foreignKey }: Reference): string {
  return JSON.stringify([tableOf(model), columnNameOf(model, foreignKey)])
}

function belongingsOf(Guest: GuestModel, { model, foreignKey, toUser, isShared }: Attribute): Belonging[] {
  const userKey =
    toUser.find(({ key }) => key !== undefined)?.key ?? Guest[guestSettings].User.primaryKeyAttribute
  const isOne = toUser.some(({ count }) => count === 'one') && !toUser.some(({ count }) => count === 'many')
  const singles = isOne ? toUser.filter(({ count }) => count === 'one').map(({ scope }) => scope) : []
  const whole = { model, foreignKey, userKey, scope: {}, singles }

  const unscoped = toUser.filter(({ scope }) => isEmpty(scope))
  if (unscoped.some(({ isEnforced }) => isEnforced)) return [whole]
  // From here on the same value can mean a user in one row and something else in the next.
  if (unscoped.length > 0 && !isShared) return [whole]
  const scoped = distinct(toUser.map(({ scope }) => scope).filter((scope) => !isEmpty(scope)))
  if (scoped.length === 0 && toUser.length > 0) {
    debug('%s.%s is left alone: nothing says which of its rows refer to a user', model.name, foreignKey)
  }
  return scoped.map((scope) => ({
    ...whole,
    scope,
    singles: singles.filter((single) => JSON.stringify(single) === JSON.stringify(scope)),
  }))
}

function isEmpty(scope: Scope): boolean {
  return Reflect.ownKeys(scope).length === 0
}

function distinct(scopes: readonly Scope[]): Scope[] {
  return [...new Map(scopes.map((scope) => [JSON.stringify(scope), scope])).values()]
}
