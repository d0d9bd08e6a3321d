import {
  DataTypes,
  Op,
  type Includeable,
  type Model,
  type ModelStatic,
  type Order,
  type WhereOptions,
} from 'sequelize'
import { validate } from 'uuid'

/** Rows that one page looks at, at most, for those that meet a condition that no index answers. */
const LOOKED_AT = 50_000

/** The place of a row in a list: its values of the attributes by which the list is ordered. */
export type Cursor = readonly (Date | number | string)[]

/** A list of which pages are read in constant time, however long it is: each begins behind the key of a row. */
export interface Listing<M extends Model> {
  readonly model: ModelStatic<M>
  /** By which the list is ordered, descending, and which an index has; the last one is unique. */
  readonly order: readonly string[]
  /** A condition that an index answers. */
  readonly where?: WhereOptions | undefined
  /** A condition that is checked row by row: a page looks at {@link LOOKED_AT} rows at most. */
  readonly filter?: WhereOptions | undefined
  readonly include?: Includeable
  /** The last row of the page before. @default the first page */
  readonly after?: Cursor | undefined
  readonly limit: number
}

/** One page of a list. */
export interface ListPage<M> {
  readonly rows: readonly M[]
  /** Where the next page begins; `undefined`: nothing is behind this one. */
  readonly next: Cursor | undefined
  /** Whether rows behind this page were not looked at yet, and may meet the condition. */
  readonly isPartial: boolean
}

export async function readPage<M extends Model>({
  model,
  order,
  where = {},
  filter,
  include,
  after,
  limit,
}: Listing<M>): Promise<ListPage<M>> {
  const descending = order.map((attribute) => [attribute, 'DESC']) as Order
  const conditions = [where, ...(after === undefined ? [] : [beyond(Op.lt, Op.lte, order, after)])]
  const common = { order: descending, raw: false, useMaster: true } as const
  const end = filter === undefined ? undefined : await lastLookedAt(model, order, conditions, common)
  if (filter !== undefined) conditions.push(filter)
  if (end !== undefined) conditions.push(beyond(Op.gt, Op.gte, order, end, Op.gte))
  const found = await model.unscoped().findAll({
    where: { [Op.and]: conditions } as WhereOptions,
    ...(include !== undefined && { include, subQuery: false }),
    limit: limit + 1,
    ...common,
  })
  const rows = found.slice(0, limit)
  const last = rows.at(-1)
  if (found.length > limit && last !== undefined)
    return { rows, next: cursorOf(last, order), isPartial: false }
  return { rows, next: end, isPartial: end !== undefined }
}

async function lastLookedAt(
  model: ModelStatic<Model>,
  order: readonly string[],
  conditions: readonly WhereOptions[],
  common: { readonly order: Order; readonly raw: false; readonly useMaster: true },
): Promise<Cursor | undefined> {
  const [last] = await model.unscoped().findAll({
    attributes: [...order],
    where: { [Op.and]: conditions } as WhereOptions,
    offset: LOOKED_AT - 1,
    limit: 1,
    ...common,
  })
  return last && cursorOf(last, order)
}

/** The rows on one side of a place in the list. The first attribute is compared by itself too, for the index. */
function beyond(
  past: symbol,
  pastOrAt: symbol,
  [first = '', second]: readonly string[],
  [firstValue, secondValue]: Cursor,
  atTheEnd: symbol = past,
): WhereOptions {
  if (second === undefined) return { [first]: { [atTheEnd]: firstValue } }
  return {
    [Op.and]: [
      { [first]: { [pastOrAt]: firstValue } },
      { [Op.or]: [{ [first]: { [past]: firstValue } }, { [second]: { [atTheEnd]: secondValue } }] },
    ],
  }
}

function cursorOf(row: Model, order: readonly string[]): Cursor {
  return order.map((attribute) => row.get(attribute) as Cursor[number])
}

/** A place in a list, for an address. */
export function writeCursor(cursor: Cursor): string {
  return cursor.map((value) => (value instanceof Date ? String(value.getTime()) : String(value))).join('.')
}

/** What {@link writeCursor} wrote; `undefined` for anything that is no place in such a list. */
export function readCursor(
  model: ModelStatic<Model>,
  order: readonly string[],
  text: unknown,
): Cursor | undefined {
  if (typeof text !== 'string') return undefined
  const key = order.at(-1) ?? ''
  if (order.length === 1) {
    const value = parseKey(model, key, text)
    return value === undefined ? undefined : [value]
  }
  const [, instant = '', rest = ''] = /^(\d{1,14})\.(.+)$/s.exec(text) ?? []
  const value = parseKey(model, key, rest)
  return instant === '' || value === undefined ? undefined : [new Date(Number(instant)), value]
}

const LONGEST_KEY = 255

/**
 * A key as a request names it, as the model's type has it; `undefined` if no row can have it. Of another type PostgreSQL fails,
 * and MySQL finds another row.
 */
export function parseKey(
  model: ModelStatic<Model>,
  attribute: string,
  text: unknown,
): number | string | undefined {
  if (typeof text !== 'string' || text === '' || text.length > LONGEST_KEY || text.includes('\0'))
    return undefined
  const type: unknown = model.getAttributes()[attribute]?.type
  if (type instanceof DataTypes.NUMBER) {
    const value = Number(text)
    return /^-?\d+$/.test(text) && Number.isSafeInteger(value) ? value : undefined
  }
  if (type instanceof DataTypes.UUID) return validate(text) ? text.toLowerCase() : undefined
  return text
}
