import type { Application } from 'express'
import type { Sequelize } from 'sequelize'
import type { CleanupOptions } from '../../cleanup/options.js'
import { guestModel, guestSettings, type GuestModel } from '../../guest/guest.js'
import { anObject, checkOptions, type Rule } from '../../options.js'
import { visitorModel, visitorSettings, type Visitor } from '../../visitor/visitor.js'
import { UsageError } from '../usage-error.js'
import type { Exported } from './exports-of.js'

/** What a configuration module can export. */
export interface Exports {
  readonly sequelize?: Sequelize
  readonly Guest?: GuestModel
  readonly Visitor?: typeof Visitor
  readonly app?: Application
  readonly cleanup?: CleanupOptions
}

const sequelizeInstance: Rule = {
  expected: 'a Sequelize instance',
  test: (value) =>
    typeof value === 'object' && value !== null && 'getQueryInterface' in value && 'define' in value,
}
const anApplication: Rule = {
  expected: 'an Express application',
  test: (value) => typeof value === 'function' && 'use' in value && 'set' in value,
}
const anything: Rule = { expected: 'anything', test: () => true }

const RULES: Readonly<Record<string, Rule>> = {
  sequelize: sequelizeInstance,
  Guest: guestModel,
  Visitor: visitorModel,
  app: anApplication,
  cleanup: anObject,
}
/** What goes with the above, and is not needed beside it. */
const WELCOME = ['VisitorLog', 'User']

const OWN_SYMBOLS: ReadonlyMap<string, symbol> = new Map([
  ['Guest', guestSettings],
  ['Visitor', visitorSettings],
])

/** The names that are looked for. */
export const NAMES: readonly string[] = Object.keys(RULES)

/** @throws {UsageError} naming the export that is wrong, or wrongly named */
export function checkExports(source: string, { values, isForUs }: Exported): Exports {
  for (const [name, value] of Object.entries(values)) {
    const meant = NAMES.includes(name) || WELCOME.includes(name) ? undefined : meantBy(name, value, values)
    if (meant !== undefined) throw new UsageError(`${source} exports '${name}': did you mean '${meant}'?`)
  }
  const ours = isForUs ? values : Object.fromEntries(NAMES.map((name) => [name, values[name]]))
  for (const name of OWN_SYMBOLS.keys()) explainOtherCopy(source, name, ours[name])
  try {
    checkOptions(source, ours, { ...RULES, ...Object.fromEntries(WELCOME.map((name) => [name, anything])) })
  } catch (error) {
    throw new UsageError((error as Error).message.replace('option', 'export'), { cause: error })
  }
  return ours
}

/** The name of ours that is missing, and that this export must stand for: by what it is, or by how it is spelt. */
function meantBy(name: string, value: unknown, values: Exported['values']): string | undefined {
  const missing = NAMES.filter((known) => values[known] === undefined)
  const models = missing.filter((known) => known === 'Guest' || known === 'Visitor')
  return (
    models.find((known) => RULES[known]?.test(value) === true) ??
    missing.find((known) => known.toLowerCase() === name.toLowerCase() || isOneSlipAway(known, name))
  )
}

/** Whether one letter is too many, missing or another. */
function isOneSlipAway(one: string, other: string): boolean {
  const [short, long] = one.length < other.length ? [one, other] : [other, one]
  if (long.length - short.length > 1) return false
  const same = short.split('').findIndex((letter, place) => letter !== long[place])
  if (same === -1) return true
  const rest = long.slice(same + 1)
  return rest === short.slice(same) || rest === short.slice(same + 1)
}

/** Models that were made by another copy of this package have its symbol for their settings, not ours. */
function explainOtherCopy(source: string, name: string, value: unknown): void {
  const ours = OWN_SYMBOLS.get(name)
  for (let one: unknown = value; typeof one === 'function'; one = Object.getPrototypeOf(one)) {
    const isOther = Object.getOwnPropertySymbols(one).some(
      (symbol) => symbol !== ours && symbol.description === ours?.description,
    )
    if (!isOther) continue
    throw new UsageError(
      `${source}: its ${name} was made by another copy of passport-ephemeral; run the one that the application uses: ` +
        'npx passport-ephemeral, in its folder',
    )
  }
}
