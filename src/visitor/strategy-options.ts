import type { Request } from 'express'
import { validationsRule, type Validations } from '../checks/runtime/request-checks.js'
import { trustedOriginsRule } from '../http/origin.js'
import { aBoolean, aFunction, anObject, aString, strings, type Rule } from '../options.js'
import { pagesRule, type PagesOptions } from '../pages/context.js'
import type { CsrfFieldOf } from '../pages/form-page.js'
import { aRenderer, type RenderPages } from '../pages/renderers.js'
import type { Verify } from '../pages/verify.js'
import type { ConfirmPage } from './confirmation.js'
import type { ExpiredLinkOptions } from './fresh-link/options.js'
import type { FreshLinkPage } from './fresh-link/page.js'
import { visitorModel, type Visitor } from './visitor.js'

/** Options of `VisitorTokenStrategy`. */
export interface VisitorTokenStrategyOptions {
  /** The model, from `defineVisitorModels`. */
  Visitor: typeof Visitor
  /** Redirect (303) a redeemed GET to the same address without the token. @default true */
  stripToken?: boolean
  /** Keys of an anonymous session that survive its renewal when a token is redeemed. @default [] */
  keepSessionData?: readonly string[]
  /**
   * Whose GET of a link opens nothing: link previews, scanners, crawlers. They get the page as anonymous, and no use is
   * counted. @default what the `isbot` package recognises by the User-Agent, curl included; and clients without one
   */
  isBot?: (req: Request) => boolean | Promise<boolean>
  /**
   * Lets the bearer of a link that has expired ask for a fresh one by a button on the page of `errorPages`: it goes to the
   * mailbox of the pass, and nowhere else. The application's setting `baseUrl` is required.
   * @default no button
   */
  onExpiredLink?: ExpiredLinkOptions
  /**
   * Called when the button of a link with `maxUses` is pressed: a captcha, for example. It reads `req.body` only if the application
   * has parsed that before. Unless it returns `true`, the page is shown again with a message (403; 503 if it throws), and no use is
   * counted.
   * @default no check
   */
  verify?: Verify
  /**
   * Shows the page with the button, on which a link with `maxUses` is redeemed (`'confirm'`), and the one after a fresh link was
   * asked for (`'fresh-link'`), in the application's own way; both, or one by its name.
   * @default plain HTML
   */
  render?: RenderPages<ConfirmPage | FreshLinkPage>
  /** The application's own CSRF token. @default `req.csrfToken()`, or what `res.locals` has of it */
  csrf?: CsrfFieldOf
  /** Origins of other sites whose requests may redeem a link without being followed. @default [] */
  trustedOrigins?: readonly string[]
  /** The name under which Passport knows the strategy. @default 'visitor-token' */
  name?: string
  /** Which of the checks of the first requests run; `docs/doctor.md` lists them. @default true: all of them */
  validations?: Validations
  /** In which languages and design the page is shown. @default the application's: `app.set('pages', …)` */
  pages?: PagesOptions
}

export const strategyRules: Readonly<Record<string, Rule>> = {
  Visitor: visitorModel,
  stripToken: aBoolean,
  keepSessionData: strings,
  isBot: aFunction,
  onExpiredLink: anObject,
  verify: aFunction,
  render: aRenderer('confirm', 'fresh-link'),
  csrf: aFunction,
  trustedOrigins: trustedOriginsRule,
  name: aString,
  validations: validationsRule,
  pages: pagesRule,
}
