import type { Request } from 'express'
import type { FormPage } from '../form-page.js'

/** How a person who is refused here can go on all the same. */
export interface WaysOn {
  /** The address of a form on which a person asks for a link. */
  readonly formUrl?: string
  /** Makes the form that is a button alone: to ask for a fresh link in place of the one that was followed. */
  readonly freshLink?: () => Pick<FormPage, 'action' | 'csrf'>
}

const waysOn = new WeakMap<Request, WaysOn>()

/** Notes a way on for the page that a person gets if this request is refused. */
export function noteWayOn(req: Request, way: WaysOn): void {
  waysOn.set(req, { ...waysOn.get(req), ...way })
}

export function notedWaysOn(req: Request): WaysOn {
  return waysOn.get(req) ?? {}
}
