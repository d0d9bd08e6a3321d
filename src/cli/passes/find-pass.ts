import type { WhereOptions } from 'sequelize'
import type { Visitor } from '../../visitor/visitor.js'
import { UsageError } from '../usage-error.js'

const ID = /^[1-9]\d{0,9}$/
const LARGEST_ID = 2 ** 31 - 1
const UUID = /^[\da-f]{8}(-[\da-f]{4}){3}-[\da-f]{12}$/i

/**
 * The condition for one pass, by its uuid or its id.
 *
 * @throws {UsageError} if it is neither
 */
export function passNamed(name: string): WhereOptions<Visitor> {
  if (UUID.test(name)) return { uuid: name.toLowerCase() }
  if (ID.test(name) && Number(name) <= LARGEST_ID) return { id: Number(name) }
  throw new UsageError('A pass is named by its uuid or its id, as passport-ephemeral visitors prints them')
}
