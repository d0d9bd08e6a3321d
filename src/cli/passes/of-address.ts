import { col, fn, where, type Utils } from 'sequelize'
import { fieldOf } from '../../database/columns.js'
import type { Visitor } from '../../visitor/visitor.js'

/** The condition for passes of one e-mail address, however its letters were cased. */
export function ofAddress(Passes: typeof Visitor, email: string): Utils.Where {
  return where(fn('lower', col(fieldOf(Passes, 'email'))), email.toLowerCase())
}
