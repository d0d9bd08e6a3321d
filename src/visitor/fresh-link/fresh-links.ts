import createDebug from 'debug'
import type { Request, Response } from 'express'
import { InvalidOption } from '../../invalid-option.js'
import { announce } from '../../events/events.js'
import {
  applicationAddress,
  hideFromAddress,
  localPath,
  ownAddressWithCredentials,
  requestTarget,
} from '../../http/address.js'
import { requireBaseUrl } from '../../http/base-url.js'
import { refuseCrossSite } from '../../http/origin.js'
import { queryValues, withoutQuery, withQuery } from '../../http/query.js'
import { pageContext, type PageContext, type PagesOptions } from '../../pages/context.js'
import { noteWayOn } from '../../pages/error-pages/ways-on.js'
import { FormLimits } from '../../pages/form-limits.js'
import type { CsrfFieldOf } from '../../pages/form-page.js'
import { mailOf, warnOfUnsent } from '../../pages/mail.js'
import { checkOptions } from '../../options.js'
import { findPassByUuid, renewPass, takeBackRenewal } from '../statements.js'
import type { Seal, TokenReading } from '../token.js'
import { visitorSettings, type Visitor } from '../visitor.js'
import { expiredLinkRules, type ExpiredLinkOptions } from './options.js'
import { askedPage, tooOftenPage, type FreshLinkPage } from './page.js'

const debug = createDebug('passport-ephemeral:visitor')
const WHO = 'VisitorTokenStrategy: onExpiredLink'

const UNSENT_ADVICE =
  "Look into 'send', the limiter and the database. The expired link can be used to ask again."

/** The query parameter by which a press of the button is told from other posts to the link; its value is our signature. */
const FRESH_LINK = 'fresh-link'

/** Which pass is to have a fresh link, and where that leads. */
interface Asked {
  readonly uuid: string
  readonly url: string
}

/** What the strategy has of its own options. */
interface FormSettings {
  readonly csrf: CsrfFieldOf
  readonly trustedOrigins: readonly string[]
  readonly pages: PagesOptions | undefined
}

/**
 * One click for a fresh link, in place of one that has expired. The message goes to the mailbox that the pass was made for.
 *
 * The client learns nothing of the pass: the button is there for every link that is refused, and the answer to a press is given
 * before the pass is looked up. An expired link gets one fresh link at most, as that gives the pass another uuid: of several presses
 * at once, in whichever process, one sends a message, and none does later.
 */
export class FreshLinks {
  private readonly limits: FormLimits
  private readonly seal: Seal

  /** @throws {TypeError} naming the option that is wrong */
  constructor(
    private readonly Model: typeof Visitor,
    private readonly options: ExpiredLinkOptions,
    private readonly settings: FormSettings,
  ) {
    checkOptions(WHO, options, expiredLinkRules, ['send'])
    const seal = Model[visitorSettings].codec.seal('fresh-link')
    if (seal === undefined) throw new InvalidOption(`${WHO}: the Visitor model has no secret to sign with`)
    this.seal = seal
    this.limits = new FormLimits(options.limiter, options.limiterFailure)
  }

  /**
   * A link of any pass shows that the setting is missing, not only the first one that has expired.
   *
   * @throws {BaseUrlRequired} if no link could be made
   */
  requireBaseUrl(req: Request): string {
    return requireBaseUrl(req, WHO)
  }

  /** Notes the button for the page that refuses this request. */
  offer(req: Request, res: Response, { reason }: TokenReading): void {
    if (reason === 'malformed') return
    noteWayOn(req, {
      freshLink: () => ({
        action: withQuery(ownAddressWithCredentials(req), FRESH_LINK, this.signature(req)),
        csrf: this.settings.csrf(req, res),
      }),
    })
  }

  /**
   * Whether the button was pressed that {@link offer} has made, on a page that a guard refused: the link of the message leads to that
   * page, and no client may choose another one.
   */
  isAskedFor(req: Request): boolean {
    const [signature, ...more] = queryValues(requestTarget(req), FRESH_LINK)
    if (signature === undefined) return false
    hideFromAddress(req, FRESH_LINK)
    return (
      req.method === 'POST' &&
      more.length === 0 &&
      this.seal.isGenuine(signedPart(req), Buffer.from(signature, 'base64url'))
    )
  }

  /**
   * The page that answers a press. Everything that depends on the pass comes after the response.
   *
   * @throws {CrossSiteRequest}
   * @throws {LimiterUnavailable} if the limiter fails, and `limiterFailure` is 'closed'
   */
  async take(req: Request, res: Response, { uuid }: TokenReading): Promise<FreshLinkPage> {
    refuseCrossSite(req, { trustedOrigins: this.settings.trustedOrigins })
    const context = pageContext(req, this.settings.pages)
    if (await this.limits.isClientOver(req)) return tooOftenPage(context)
    const url = this.requireBaseUrl(req) + applicationAddress(req)
    if (uuid !== undefined) {
      res.once('close', () => {
        this.deliver(req, context, { uuid, url }).catch((cause: unknown) => {
          warnOfUnsent('FRESH_LINK_SEND_FAILED', WHO, cause, UNSENT_ADVICE)
        })
      })
    }
    return askedPage(context)
  }

  private signature(req: Request): string {
    return this.seal.sign(signedPart(req)).toString('base64url')
  }

  private async deliver(req: Request, context: PageContext, { uuid, url }: Asked): Promise<void> {
    const { Model } = this
    const pass = await findPassByUuid(Model, uuid)
    if (pass?.invalidity() !== 'expired') {
      debug('no fresh link: the pass is %s', pass === undefined ? 'unknown' : 'not merely expired')
      return
    }
    if (await this.limits.isAddressOver(req, pass.email)) return
    const visitor = await renewPass(Model, pass)
    if (visitor === undefined) {
      await this.limits.takeBackAddress(pass.email) // another press was first, or the pass was closed
      return
    }
    try {
      const { email, expiresAt } = visitor
      const link = visitor.tokenise(url)
      const message = mailOf(context, { kind: 'freshLink', link, expiresAt })
      await this.options.send({ visitor, email, link, expiresAt, message, req })
    } catch (error) {
      await takeBackRenewal(Model, visitor, pass)
      await this.limits.takeBackAddress(pass.email)
      throw error
    }
    debug('fresh link of pass %d sent', visitor.id)
    announce(Model.events, 'reissued', { visitor, req, actor: undefined, reason: 'expired' })
  }
}

/** The link itself, with its token. */
function signedPart(req: Request): Buffer {
  return Buffer.from(withoutQuery(localPath(requestTarget(req)), FRESH_LINK))
}
