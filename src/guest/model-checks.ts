import type { Model, ModelAttributes, ModelStatic } from 'sequelize'
import { Guest, GUEST_ALIAS, guestSettings, OWN_ATTRIBUTES } from './guest.js'

/** The name of the association from the `Guest` row to its user. */
export const USER_ALIAS = 'user'

/** Every guest is made without the columns of the application's own. */
export function checkAttributes(attributes: ModelAttributes): void {
  for (const [name, attribute] of Object.entries(attributes)) {
    const what = `defineGuestModel: option 'attributes' has '${name}', which`
    if (OWN_ATTRIBUTES.includes(name) || name === USER_ALIAS || name in Guest.prototype)
      throw new TypeError(`${what} Guest has already`)
    const { allowNull = true, defaultValue } =
      typeof attribute === 'string' || !('type' in attribute) ? {} : attribute
    if (!allowNull && defaultValue === undefined) {
      throw new TypeError(`${what} must allow null or have a defaultValue: guests are made without it`)
    }
  }
}

/** Asked before anything is touched: a second definition would leave the first one without its table's model. */
export function checkOnlyOne(User: ModelStatic<Model>): void {
  const association = User.associations[GUEST_ALIAS]
  if (association === undefined) return
  if (guestSettings in association.target) {
    throw new TypeError(
      `defineGuestModel: ${User.name} has guests already, of the model '${association.target.name}': define it once, beside ` +
        `${User.name}, and hand it on (where ${User.name} is defined anew, as for each test, so are its guests)`,
    )
  }
  throw new TypeError(
    `defineGuestModel: ${User.name} has an association '${GUEST_ALIAS}' of yours already: give it another name by 'as'`,
  )
}
