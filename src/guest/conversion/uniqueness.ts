import createDebug from 'debug'
import type { Model, ModelStatic } from 'sequelize'
import { uniqueIndexesOf } from '../../database/catalog.js'
import { fieldOf } from '../../database/columns.js'
import { warn } from '../../warning.js'
import { guestSettings } from '../guest.js'
import type { ConversionSettings } from './settings.js'

const debug = createDebug('passport-ephemeral:convert')

/**
 * How the database keeps an attribute unique: by no index; by one on its column alone; or by one that expresses more, such
 * as an expression, a condition, or further columns. That one decides alone what is taken.
 */
type IndexKind = 'none' | 'plain' | 'expressive'

/** How the users table keeps the username and the address unique. */
export interface Uniqueness {
  readonly of: (attribute: string) => IndexKind
}

const known = new WeakMap<ModelStatic<Model>, Map<string, Promise<IndexKind>>>()

/** Read from the catalog once for each model. A catalog that cannot be read counts as one with plain indexes. */
export async function uniquenessOf<U extends Model>({
  Guest,
  emailField,
}: ConversionSettings<U>): Promise<Uniqueness> {
  const { User, usernameField } = Guest[guestSettings]
  const kinds = known.get(User) ?? new Map<string, Promise<IndexKind>>()
  known.set(User, kinds)
  const found = new Map<string, IndexKind>()
  for (const attribute of new Set([usernameField, emailField])) {
    const kind = kinds.get(attribute) ?? readKind(User, attribute)
    kinds.set(attribute, kind)
    found.set(attribute, await kind)
  }
  return { of: (attribute) => found.get(attribute) ?? 'plain' }
}

async function readKind(User: ModelStatic<Model>, attribute: string): Promise<IndexKind> {
  if (!Object.hasOwn(User.getAttributes(), attribute)) return 'none'
  const column = fieldOf(User, attribute).toLowerCase()
  try {
    const involved = (await uniqueIndexesOf(User)).filter(({ parts }) =>
      parts.some(({ field, sql }) => field?.toLowerCase() === column || mentions(sql, column)),
    )
    if (involved.length === 0) warnOfMissingIndex(User, column)
    const isPlain = involved.some(
      ({ parts, predicate }) =>
        parts.length === 1 && parts[0]?.field !== undefined && predicate === undefined,
    )
    return involved.length === 0 ? 'none' : isPlain ? 'plain' : 'expressive'
  } catch (error) {
    debug('the catalog does not show the unique indexes of the users: %o', error)
    return 'plain'
  }
}

function mentions(expression: string, column: string): boolean {
  return expression
    .toLowerCase()
    .split(/[^\p{L}\p{N}_$]+/u)
    .includes(column)
}

function warnOfMissingIndex(User: ModelStatic<Model>, column: string): void {
  warn(
    'NO_UNIQUE_INDEX',
    `convertRouter: the table '${User.tableName}' has no unique index on '${column}'. Taken values are looked up before a ` +
      'conversion, but only a unique index rules out that two accounts share one.',
  )
}
