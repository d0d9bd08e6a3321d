import type { Request, Response } from 'express'
import type { PageContext } from '../pages/context.js'
import type { Html } from '../pages/html.js'
import type { Access } from './access.js'
import type { Format } from './format.js'
import type { AdminMessages } from './messages/translation.js'
import type { AdminSettings } from './options.js'

/** Parameters of an address; those without a value are left out. */
export type Query = Readonly<Record<string, string | number | undefined>>

/** A request to one of the operator's pages, by a person who may see it, with what its steps need. */
export interface AdminRequest {
  readonly req: Request
  readonly res: Response
  readonly settings: AdminSettings
  readonly access: Access
  readonly context: PageContext
  readonly words: AdminMessages
  readonly format: Format
  /** The address of one of the pages. */
  readonly pageUrl: (path: string, query?: Query) => string
  /** The fields of the posted form, of which each value can be anything. */
  readonly form: () => Readonly<Record<string, unknown>>
  /** The hidden fields of this page's forms: their token, and the application's own. */
  readonly tokens: () => Html
  /** What an event tells of a change that is made here. */
  readonly origin: { readonly req: Request; readonly actor: unknown }
}

/** Answers a request to one of the pages. */
export type AdminHandler = (request: AdminRequest) => Promise<void>
