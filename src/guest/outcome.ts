import {
  DataTypes,
  Model,
  type CreationOptional,
  type InferAttributes,
  type InferCreationAttributes,
  type Sequelize,
  type Transaction,
} from 'sequelize'
import { initOwnModel, type OwnTable } from '../database/own-model.js'
import { dialectOf } from '../database/dialect.js'
import { explainMissingTable } from '../database/driver-error.js'

/** How a guest can end. A users row that the application deletes without `Guest.delete` is not counted. */
export type GuestEnd = 'converted' | 'merged' | 'expired' | 'deleted'

/**
 * How many guests of one day ended how, for `passport-ephemeral stats`: their `Guest` rows are deleted. It holds no
 * personal data. Rows are only added, so that no conversion waits for another.
 */
export class GuestOutcome extends Model<
  InferAttributes<GuestOutcome>,
  InferCreationAttributes<GuestOutcome>
> {
  /** A string on PostgreSQL and MySQL, whose BIGINT is wider than a number. */
  declare readonly id: CreationOptional<number | string>
  declare readonly outcome: GuestEnd
  /** How many guests. */
  declare readonly guests: number
  /** The day on which they were made, in UTC: `2026-11-24`. */
  declare readonly createdOn: string
  /** The day on which they ended, in UTC. */
  declare readonly endedOn: string
}

/** Initialises the model of a guest model's outcomes, beside it. */
export function initOutcomeModel(
  Outcome: typeof GuestOutcome,
  sequelize: Sequelize,
  options: OwnTable,
): void {
  initOwnModel(
    Outcome,
    sequelize,
    {
      id: { type: dialectOf(sequelize).wideKeyType, primaryKey: true, autoIncrement: true },
      outcome: { type: DataTypes.STRING(16), allowNull: false },
      guests: { type: DataTypes.INTEGER, allowNull: false },
      createdOn: { type: DataTypes.DATEONLY, allowNull: false },
      endedOn: { type: DataTypes.DATEONLY, allowNull: false },
    },
    {
      ...options,
      createdAt: false,
      updatedAt: false,
      indexes: [{ attributes: ['endedOn'] }, { attributes: ['createdOn'] }],
    },
  )
}

/** Records how guests ended, in the same transaction: their number by the day on which they were made. */
export async function recordOutcome(
  Outcome: typeof GuestOutcome,
  outcome: GuestEnd,
  guestsByDay: ReadonlyMap<string, number>,
  transaction: Transaction,
): Promise<void> {
  const endedOn = dayOf(new Date())
  const rows = [...guestsByDay].map(([createdOn, guests]) => ({ outcome, guests, createdOn, endedOn }))
  const options = { transaction, hooks: false, validate: false, returning: false }
  try {
    await Outcome.bulkCreate(rows, options)
  } catch (error) {
    throw explainMissingTable(error)
  }
}

/** The day of an instant, in UTC, wherever the server is. */
export function dayOf(instant: Date): string {
  return instant.toISOString().slice(0, 'YYYY-MM-DD'.length)
}
