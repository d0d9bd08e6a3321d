import type { Model, ModelStatic } from 'sequelize'
import { explainMissingTable } from '../../database/driver-error.js'
import { TablesMissing } from '../../errors.js'
import { guestSettings } from '../../guest/guest.js'
import type { MigratedModels } from '../../migrations/index.js'
import { counted } from '../text.js'
import { visitLogOf } from '../../visitor/visits/visitor-log.js'

/**
 * What is lost if these migrations are reverted, in one sentence: rows by table, and what follows from that.
 *
 * @returns `undefined` if their tables are empty
 */
export async function describeLoss(
  models: MigratedModels,
  names: readonly string[],
): Promise<string | undefined> {
  const lost: string[] = []
  let guests = 0
  for (const Table of names.flatMap((name) => tablesOf(models, name))) {
    const rows = await countRows(Table)
    if (rows === 0) continue
    lost.push(`${counted(rows, 'row')} of ${tableName(Table)}`)
    if (Table === models.Guest) guests = rows
  }
  if (lost.length === 0) return undefined
  const consequence =
    guests === 0 ? '' : `; ${counted(guests, 'guest')} would be regular users from then on, and never expire`
  return `${lost.join(', ')} would be lost${consequence}`
}

/** The tables that a migration drops when it is reverted. */
function tablesOf({ Visitor, Guest }: MigratedModels, name: string): ModelStatic<Model>[] {
  const passes = Visitor && [visitLogOf(Visitor), Visitor]
  const settings = Guest?.[guestSettings]
  const tables = new Map<string, readonly (ModelStatic<Model> | undefined)[] | undefined>([
    ['passport-ephemeral-0001-visitor-passes', passes],
    ['passport-ephemeral-0002-guests', [Guest]],
    ['passport-ephemeral-0003-pending-conversions', [settings?.PendingConversion]],
    ['passport-ephemeral-0004-guest-outcomes', [settings?.Outcome]],
  ])
  return (tables.get(name) ?? []).filter((Table) => Table !== undefined)
}

/** A table that is not there has no rows. */
async function countRows(Table: ModelStatic<Model>): Promise<number> {
  try {
    return await Table.unscoped().count()
  } catch (error) {
    if (explainMissingTable(error) instanceof TablesMissing) return 0
    throw error
  }
}

function tableName(Table: ModelStatic<Model>): string {
  const name: string | { tableName: string } = Table.getTableName()
  return typeof name === 'string' ? name : name.tableName
}
