import { col, fn, Op } from 'sequelize'
import { columnNameOf } from '../database/columns.js'
import type { Visitor } from '../visitor/visitor.js'

/** Passes that the counts by scope read at most: the newest ones. */
export const NEWEST_PASSES = 50_000

/** The same where scopes are offered for choice: the answer is worth less than the counts, and needed more often. */
const NEWEST_OFFERED = 5000

/** Scopes that are listed at most: those with the most passes. */
const MOST_SCOPES = 20

/** Counts of the passes that were issued since a moment, and still exist. */
export interface ScopeStats {
  readonly scopes: readonly {
    readonly scope: string
    readonly issued: number
    /** Whose link has been redeemed. */
    readonly redeemed: number
  }[]
  /** Whether there are older passes of that time, which were not read. */
  readonly isPartial: boolean
}

/** The scopes of the newest passes, in constant time: to be offered where a scope is typed. */
export async function readRecentScopes(Passes: typeof Visitor): Promise<string[]> {
  const { scopes } = await readScopeStats(Passes, new Date(0), NEWEST_OFFERED)
  return scopes.map(({ scope }) => scope)
}

/** Counts passes by scope, in constant time however many there are: the key bounds what is read. */
export async function readScopeStats(
  Passes: typeof Visitor,
  since: Date,
  newest = NEWEST_PASSES,
): Promise<ScopeStats> {
  const older = await Passes.unscoped().findOne({
    attributes: ['id', 'createdAt'],
    order: [['id', 'DESC']],
    offset: newest,
    useMaster: true,
  })
  const [scope, lastUsedAt, id] = (['scope', 'lastUsedAt', 'id'] as const).map((attribute) =>
    col(columnNameOf(Passes, attribute)),
  )
  // The model's types do not include these aliases, in lower case as PostgreSQL returns them under `quoteIdentifiers: false`.
  const rows = (await Passes.unscoped().findAll({
    attributes: [
      [scope, 'name'],
      [fn('COUNT', id), 'issued'],
      [fn('COUNT', lastUsedAt), 'redeemed'],
    ] as never,
    where: { createdAt: { [Op.gte]: since }, ...(older && { id: { [Op.gt]: older.id } }) },
    group: [scope] as never,
    order: [[fn('COUNT', id), 'DESC']] as never,
    limit: MOST_SCOPES,
    raw: true,
    useMaster: true,
  })) as unknown as Record<'name' | 'issued' | 'redeemed', unknown>[]
  return {
    scopes: rows.map(({ name, issued, redeemed }) => ({
      scope: String(name),
      issued: Number(issued),
      redeemed: Number(redeemed),
    })),
    isPartial: older !== null && older.createdAt >= since,
  }
}
