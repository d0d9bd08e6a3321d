import createDebug from 'debug'
import type { Model, ModelStatic } from 'sequelize'
import { uniqueIndexesOf, type IndexPart, type UniqueIndex } from '../../database/catalog.js'
import { columnsOf, fieldOf } from '../../database/columns.js'
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

/** The indexes of the users table, as the catalog shows them. One that cannot be read counts as plain. */
export async function uniquenessOf<U extends Model>({
  Guest,
  emailField,
}: ConversionSettings<U>): Promise<Uniqueness> {
  const { User, usernameField } = Guest[guestSettings]
  const attributes = new Set([usernameField, emailField].filter((name) => name in User.getAttributes()))
  try {
    const indexes = await uniqueIndexesOf(User)
    const kinds = new Map([...attributes].map((name) => [name, kindOf(User, name, indexes)]))
    for (const [name, kind] of kinds) if (kind === 'none') warnOfMissingIndex(User, fieldOf(User, name))
    return { of: (attribute) => kinds.get(attribute) ?? 'plain' }
  } catch (error) {
    debug('the catalog does not show the unique indexes of the users: %o', error)
    return { of: () => 'plain' }
  }
}

function kindOf(User: ModelStatic<Model>, attribute: string, indexes: readonly UniqueIndex[]): IndexKind {
  const column = fieldOf(User, attribute).toLowerCase()
  const declared = columnsOf(User).map(({ field }) => field.toLowerCase())
  const concerns = ({ field, sql }: IndexPart): boolean => {
    const name = field?.toLowerCase()
    // MariaDB has generated columns in place of expressions, which a model need not declare: `email_lower`.
    if (name !== undefined) return name === column || (!declared.includes(name) && name.includes(column))
    return sql
      .toLowerCase()
      .split(/[^\p{L}\p{N}_$]+/u)
      .includes(column)
  }
  const involved = indexes.filter(({ parts }) => parts.some(concerns))
  const isPlain = involved.some(
    ({ parts: [first, ...more], predicate }) =>
      first?.field?.toLowerCase() === column && more.length === 0 && predicate === undefined,
  )
  return involved.length === 0 ? 'none' : isPlain ? 'plain' : 'expressive'
}

const warned = new WeakMap<ModelStatic<Model>, Set<string>>()

/** Once for each column. */
function warnOfMissingIndex(User: ModelStatic<Model>, column: string): void {
  const columns = warned.get(User) ?? new Set()
  if (columns.has(column)) return
  warned.set(User, columns.add(column))
  warn(
    'NO_UNIQUE_INDEX',
    `convertRouter: the table '${User.tableName}' has no unique index on '${column}'. Taken values are looked up before a ` +
      'conversion, but only a unique index rules out that two accounts share one.',
  )
}
