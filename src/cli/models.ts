import type { GuestModel } from '../guest/guest.js'
import type { Visitor } from '../visitor/visitor.js'
import type { Configuration } from './configuration/configuration.js'
import { UsageError } from './usage-error.js'

/** @throws {UsageError} if no passes are configured */
export function passesOf({ Visitor: Passes, source }: Configuration): typeof Visitor {
  if (Passes === undefined)
    throw new UsageError(`There are no visitors in ${source}: this command needs Visitor`)
  return Passes
}

/** @throws {UsageError} if nothing is configured */
export function modelsOf({ Guest, Visitor: Passes, source }: Configuration): {
  Guest?: GuestModel
  Visitor?: typeof Visitor
} {
  if (Guest === undefined && Passes === undefined) {
    throw new UsageError(`${source} has neither Guest nor Visitor: this command needs one of them`)
  }
  return { ...(Guest && { Guest }), ...(Passes && { Visitor: Passes }) }
}
