import { Op } from 'sequelize'
import { cleanup } from '../../src/index.js'
import type { Models } from './models.js'

/** Runs a clean-up for which every guest has expired and all but one are kept. Returns whether that one was deleted. */
export async function cleanUpGuest({ Guest }: Models, id: number): Promise<boolean> {
  const { guests } = await cleanup({ Guest }, { maxAge: 0.001, keep: { guests: { id: { [Op.ne]: id } } } })
  return guests === 1
}
