import type { Request } from 'express'
import { requireSession, type HostSession } from '../http/session.js'
import { clearVisitEntry } from './session.js'
import type { WriteOptions } from './visitor.js'

/** Options of {@link endVisit}. */
export interface EndVisitOptions extends WriteOptions {
  /** Close the pass as well, so that neither its link nor another browser gets in with it. @default false */
  deactivate?: boolean
}

/**
 * Ends the visit in this session: at the last step of a form, for example. A logged-in user stays logged in. Without a
 * visitor it does nothing.
 *
 * @example
 * await endVisit(req, { deactivate: true })
 *
 * @throws {SessionRequired} if there is no session
 */
export async function endVisit(
  req: Request,
  { deactivate = false, transaction }: EndVisitOptions = {},
): Promise<void> {
  const session: HostSession = requireSession(req, 'endVisit')
  const { visitor } = req
  if (deactivate) await visitor?.deactivate({ transaction })
  clearVisitEntry(session)
  req.visitor = undefined
}
