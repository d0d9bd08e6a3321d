import type { ColumnsDescription, Sequelize } from 'sequelize'
import { UsageError } from '../usage-error.js'

/** A table that is there. */
export interface ExistingTable {
  readonly name: string
  readonly columns: ColumnsDescription
  /** Whether its columns are in snake case, as far as its timestamps say. */
  readonly isUnderscored: boolean
}

/**
 * The table of that name; without a name, whichever of the usual ones is there.
 *
 * @throws {UsageError} if two of the usual ones are there
 */
export async function findTable(
  sequelize: Sequelize,
  name: string | undefined,
  usual: readonly string[],
  schema: string | undefined,
): Promise<ExistingTable | undefined> {
  const found: ExistingTable[] = []
  for (const candidate of name === undefined ? usual : [name]) {
    const columns = await describe(sequelize, candidate, schema)
    // To some databases the case of a name is all one: the same table answers to both.
    if (columns !== undefined && !found.some((other) => isSame(other.columns, columns))) {
      found.push({ name: candidate, columns, isUnderscored: 'created_at' in columns })
    }
  }
  if (found.length > 1) {
    throw new UsageError(
      `There are two tables, ${found.map((table) => table.name).join(' and ')}: say which one is meant`,
    )
  }
  return found[0]
}

/** A table's columns; `undefined` if it is not there. */
async function describe(
  sequelize: Sequelize,
  tableName: string,
  schema: string | undefined,
): Promise<ColumnsDescription | undefined> {
  try {
    return await sequelize.getQueryInterface().describeTable(tableName, schema)
  } catch (error) {
    // Sequelize's way of saying so, for every dialect.
    if (error instanceof Error && error.message.startsWith('No description found')) return undefined
    throw error
  }
}

function isSame(one: ColumnsDescription, other: ColumnsDescription): boolean {
  return Object.keys(one).join() === Object.keys(other).join()
}
