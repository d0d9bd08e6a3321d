import { Op } from 'sequelize'
import { cleanup } from '../../src/index.js'
import type { Models } from './models.js'

/** A clean-up for which everybody's time is over, and which keeps everybody but one. Tells whether that one went. */
export async function cleanUpGuest({ Guest }: Models, id: number): Promise<boolean> {
  const { guests } = await cleanup({ Guest }, { maxAge: 0.001, keep: { guests: { id: { [Op.ne]: id } } } })
  return guests === 1
}
