import type { Model, ModelStatic } from 'sequelize'
import type { Row } from './prepared.js'

/** Sequelize hands this to itself when it builds many instances: there are no includes to look through. */
const STORED = { raw: true, isNewRecord: false, includeValidated: true }

/**
 * An instance of a row that the database gave, as `build(values, { raw: true, isNewRecord: false })` makes it, without
 * its going through the values one by one: that would cost as much as asking the driver. `values` is the instance's
 * from then on.
 */
export function buildStored<M extends Model>(Model: ModelStatic<M>, values: Row): M {
  const instance = Model.build(undefined, STORED)
  instance.dataValues = values as M['dataValues']
  Reflect.set(instance, '_previousDataValues', { ...values }) // what `changed()` and `previous()` compare with
  return instance
}
