import type { Model } from 'sequelize'
import { aFunction, checkOptions } from '../options.js'
import { makeGuest } from './create.js'
import { guestRecipe } from './guest-recipe.js'
import { aTransaction, type CreateGuestOptions, type Guest, type GuestModel } from './guest.js'

/** `Guest.createGuestUser`. */
export async function createGuestUser<U extends Model, G extends Guest>(
  Guest: GuestModel<U, G>,
  options: CreateGuestOptions<U, G> = {},
): Promise<U> {
  checkOptions('Guest.createGuestUser', options, {
    generateUsername: aFunction,
    createUser: aFunction,
    onCreate: aFunction,
    transaction: aTransaction,
  })
  const { transaction, ...recipe } = options
  return await makeGuest(Guest, guestRecipe<U, G, object>('Guest.createGuestUser', Guest, recipe)({}), {
    transaction,
  })
}
