import { Op, type Model, type ModelStatic, type Transaction, type WhereOptions } from 'sequelize'

type Key = number | string

/**
 * Which of these rows are there, and meet a condition: soft-deleted ones too, from the primary, and without the application's hooks, which
 * could hide some.
 *
 * @returns their keys, as texts
 */
export async function findKeys(
  model: ModelStatic<Model>,
  key: string,
  keys: readonly Key[],
  { condition = {}, transaction }: { condition?: WhereOptions; transaction: Transaction | undefined },
): Promise<Set<string>> {
  const inFull = { paranoid: false, hooks: false, useMaster: true } // its types do not know of hooks
  const rows: unknown[] = await model.unscoped().findAll({
    attributes: [key],
    where: { [Op.and]: [{ [key]: [...keys] }, condition] },
    ...inFull,
    raw: true,
    ...(transaction && { transaction }),
  })
  return new Set((rows as Record<string, unknown>[]).map((row) => String(row[key])))
}
