import type { Request } from 'express'
import { Model } from 'sequelize'
import { InvalidOption } from '../invalid-option.js'
import { checkCleanupModels } from '../cleanup/cleanup.js'
import { parseCleanupOptions, type CleanupModels, type CleanupOptions } from '../cleanup/options.js'
import { keyOf } from '../guest/user-key.js'
import { currentUser } from '../http/passport-request.js'
import { aFunction, aLocalUrl, anObject, anything, checkOptions, either, type Rule } from '../options.js'
import { pagesRule, translationsOf, type PagesOptions } from '../pages/context.js'
import { conventionalCsrfField, type CsrfFieldOf } from '../pages/form-page.js'
import type { LinkMessage } from '../pages/mail.js'
import type { Visitor } from '../visitor/visitor.js'
import { adminLanguages } from './language.js'
import { en } from './messages/en.js'
import type { AdminTranslation } from './messages/translation.js'

/** What `authorize` answers: `true`, all pages and all changes; `'readOnly'`, all pages; anything else, none. */
export type AdminAnswer = boolean | 'readOnly' | null | undefined

/** The options of the application's clean-up, for that of the operator's pages. */
export type AdminCleanupOptions = Omit<
  CleanupOptions,
  'dryRun' | 'timeBudget' | 'signal' | 'onProgress' | 'req' | 'actor'
>

/** What `send` of {@link adminRouter} is given. */
export interface PassMessage extends LinkMessage {
  /** The pass. */
  readonly visitor: Visitor
}

/** Options of {@link adminRouter}. */
export interface AdminRouterOptions extends CleanupModels {
  /**
   * Asked on every request: who may see these pages. Only `true` and `'readOnly'` admit; a throw refuses, and goes to the
   * application's error handler. A guest is refused without being asked about.
   */
  authorize: (req: Request) => AdminAnswer | Promise<AdminAnswer>
  /**
   * Where a pass's link leads: a path of the application, such as `/reference`, or an address; or a function of the pass.
   * @default '/'
   */
  linkUrl?: string | ((pass: Visitor) => string)
  /**
   * Sends a link to the mailbox of its pass: `message`, in the language of the operator's page, or one of your own with `link`. With it, the
   * pages have a button that sends the link. If it throws, the link is shown instead, and the process emits a warning.
   * @default links are shown, to be copied
   */
  send?: (message: PassMessage) => unknown
  /** Who works here, for the field `actor` of the events. @default the id of the logged-in user */
  actor?: (req: Request) => unknown
  /** Where an anonymous request is redirected, with `?next=` to come back. @default it is refused with 403 */
  loginUrl?: string
  /** The application's own CSRF token. @default `req.csrfToken()`, or the one in `res.locals` */
  csrf?: CsrfFieldOf
  /** What the clean-up keeps, and for how long: the same as your scheduled clean-up has. @default the defaults of `cleanup` */
  cleanup?: AdminCleanupOptions
  /** Language and design of these pages. @default the application's setting, `app.set('pages', …)` */
  pages?: PagesOptions
  /**
   * Words of these pages by language, before the shipped ones or beside them. Which language a page has is decided by `pages`.
   * @default those of Arabic, English, French, German and Spanish
   */
  messages?: Readonly<Record<string, AdminTranslation>>
}

/** The options with their defaults. */
export type AdminSettings = ReturnType<typeof parseAdminOptions>

const aText: Rule = { ...aLocalUrl, expected: `${aLocalUrl.expected}, or a function` }

/** @throws {TypeError} naming the option that is wrong */
export function parseAdminOptions(options: AdminRouterOptions) {
  const who = 'adminRouter'
  checkOptions(
    who,
    options,
    {
      // `checkCleanupModels` judges the models.
      Guest: anything,
      Visitor: anything,
      VisitorLog: anything,
      authorize: aFunction,
      linkUrl: either(aText, aFunction),
      send: aFunction,
      actor: aFunction,
      csrf: aFunction,
      loginUrl: aLocalUrl,
      cleanup: anObject,
      pages: pagesRule,
      messages: translationsOf(en),
    },
    ['authorize'],
  )
  const { Guest, Visitor: Passes, VisitorLog, linkUrl = '/', cleanup = {} } = options
  const models: CleanupModels = {
    ...(Guest && { Guest }),
    ...(Passes && { Visitor: Passes }),
    ...(VisitorLog && { VisitorLog }),
  }
  checkCleanupModels(who, models)
  checkCleanup(`${who}: cleanup`, cleanup)
  return {
    models,
    authorize: options.authorize,
    loginUrl: options.loginUrl,
    linkUrl: (pass: Visitor): string => (typeof linkUrl === 'function' ? linkUrl(pass) : linkUrl),
    send: options.send,
    actor: options.actor ?? userIdOf,
    csrf: options.csrf ?? conventionalCsrfField,
    cleanup,
    pages: options.pages,
    languages: adminLanguages(options.messages),
  }
}

/** The id, and not the user: what a log writes of an event must not have the columns of a users row. */
function userIdOf(req: Request): unknown {
  const user = currentUser(req)
  return user instanceof Model ? keyOf(user) : (user as { id?: unknown } | undefined)?.id
}

const CHOSEN_HERE = ['dryRun', 'timeBudget', 'signal', 'onProgress', 'req', 'actor']

/** The pages choose these themselves. */
function checkCleanup(caller: string, cleanup: object): void {
  const chosen = CHOSEN_HERE.find((name) => Object.hasOwn(cleanup, name))
  if (chosen !== undefined) throw new InvalidOption(`${caller}: leave out '${chosen}': the page chooses it`)
  parseCleanupOptions(caller, cleanup)
}
