import { Op } from 'sequelize'
import { cleanup, forget, NotGuestError } from '../../src/index.js'
import type { Models } from './models.js'

/** Runs a clean-up for which every guest has expired and all but one are kept. Returns whether that one was deleted. */
export async function cleanUpGuest({ Guest, Visitor, VisitorLog }: Models, id: number): Promise<boolean> {
  const { guests } = await cleanup(
    { Guest, Visitor, VisitorLog },
    { maxAge: 0.001, keep: { guests: { id: { [Op.ne]: id } } } },
  )
  return guests === 1
}

/** Deletes what is stored about a person: the passes and pending conversions of an address, and a guest. */
export async function deletePerson(
  { Guest, Visitor }: Models,
  { email, id }: { readonly email: string; readonly id: number | null },
): Promise<boolean> {
  await forget({ Guest, Visitor }, { email })
  if (id === null) return false
  try {
    await Guest.delete(id)
    return true
  } catch (error) {
    if (error instanceof NotGuestError) return false
    throw error
  }
}
