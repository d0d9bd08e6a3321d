import type { Application } from 'express'
import type { Sequelize } from 'sequelize'
import type { CleanupOptions } from '../cleanup/options.js'
import { guestModel, guestSettings, type GuestModel } from '../guest/guest.js'
import { anObject, checkOptions, type Rule } from '../options.js'
import { visitorModel, visitorSettings, type Visitor } from '../visitor/visitor.js'
import { ConfigurationError } from './failure.js'

/** What a configuration file can export. */
export interface Exports {
  readonly sequelize?: Sequelize
  readonly Guest?: GuestModel
  readonly Visitor?: typeof Visitor
  readonly app?: Application
  readonly cleanup?: CleanupOptions
}

type Values = Readonly<Record<string, unknown>>

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
const NAMES = Object.keys(RULES)
/** Models that are usually exported beside these, and are not needed. */
const ALLOWED: Readonly<Record<string, Rule>> = { VisitorLog: anything, User: anything }
const MODELS = [
  { name: 'Guest', symbol: guestSettings, rule: guestModel },
  { name: 'Visitor', symbol: visitorSettings, rule: visitorModel },
] as const

/**
 * Reads the named exports of a loaded module, if any of them is ours; otherwise its default export, or what that
 * returns. Named exports may be of a module that exports more; a default export may have nothing else.
 *
 * @throws {ConfigurationError} naming the export that is wrong, or has the wrong name
 */
export async function readExports(source: string, loaded: object): Promise<Exports> {
  const hasNamed = NAMES.some((name) => name in loaded)
  const values = hasNamed ? { ...loaded } : await readDefault(source, loaded)
  for (const { name, symbol, rule } of MODELS) {
    refuseOtherCopy(source, name, symbol, values[name])
    refuseOtherName(source, name, rule, values)
  }
  const ours = hasNamed ? Object.fromEntries(NAMES.map((name) => [name, values[name]])) : values
  try {
    checkOptions(source, ours, { ...RULES, ...ALLOWED })
  } catch (error) {
    throw new ConfigurationError((error as Error).message.replace('option', 'export'), { cause: error })
  }
  return Object.fromEntries(
    NAMES.filter((name) => ours[name] !== undefined).map((name) => [name, ours[name]]),
  )
}

async function readDefault(source: string, loaded: object): Promise<Values> {
  const main = defaultOf(defaultOf(loaded)) // compiled to CommonJS, the default export is within another
  try {
    const values: unknown = typeof main === 'function' ? await (main as () => unknown)() : main
    return typeof values === 'object' && values !== null ? { ...values } : {}
  } catch (error) {
    const message = error instanceof Error ? error.message : String(error)
    throw new ConfigurationError(`${source}: its function failed: ${message}`, { cause: error })
  }
}

function defaultOf(value: unknown): unknown {
  return typeof value === 'object' && value !== null && 'default' in value ? value.default : value
}

/** A model under another name would be left out without notice: half of the clean-up would not run. */
function refuseOtherName(source: string, name: string, rule: Rule, values: Values): void {
  if (values[name] !== undefined) return
  const other = Object.entries(values).find(([, value]) => rule.test(value))?.[0]
  if (other === undefined || NAMES.includes(other)) return
  throw new ConfigurationError(`${source} exports '${other}': did you mean '${name}'?`)
}

/** A model that another copy of this package made has that copy's symbol for its settings, not ours. */
function refuseOtherCopy(source: string, name: string, symbol: symbol, value: unknown): void {
  for (let one: unknown = value; typeof one === 'function'; one = Object.getPrototypeOf(one)) {
    const isOther = Object.getOwnPropertySymbols(one).some(
      (each) => each !== symbol && each.description === symbol.description,
    )
    if (!isOther) continue
    throw new ConfigurationError(
      `${source}: its ${name} was made by another copy of passport-ephemeral; run the one that the application uses: ` +
        'npx passport-ephemeral, in its folder',
    )
  }
}
