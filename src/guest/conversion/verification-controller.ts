import createDebug from 'debug'
import type { Request, Response } from 'express'
import { UniqueConstraintError, type Model } from 'sequelize'
import { NotGuestError } from '../../errors.js'
import { localPath, hideFromAddress } from '../../http/address.js'
import { queryValues } from '../../http/query.js'
import { refuseCrossSite } from '../../http/origin.js'
import { requireRenewableSession } from '../../http/session.js'
import { noteSessionEnd } from '../../http/stale-session.js'
import { guestSettings } from '../guest.js'
import { keyOf } from '../user-key.js'
import {
  confirmPage,
  convertedPage,
  gonePage,
  incompletePage,
  sentPage,
  takenPage,
  verifiedPage,
  type ConvertPage,
} from './pages.js'
import {
  leadingBack,
  ownOrigins,
  ownPage,
  wayBack,
  waysOn,
  WHO,
  type ConversionSettings,
  type Verification,
} from './settings.js'
import { showConvertPage } from './show.js'
import { currentGuest, openSession } from './access.js'
import { isAddressTaken, isTaken } from './taken.js'
import {
  findPendingConversion,
  completePendingConversion,
  isToken,
  provesAddress,
  type Completion,
} from './pending-conversions.js'
import type { PendingConversion } from './pending-conversion.js'

const debug = createDebug('passport-ephemeral:convert')
const TOKEN = 'token'

/**
 * Answers those who follow the link in the message, on whatever device. Following it only shows a button: scanners follow
 * links too, those of people who never asked for anything among them.
 */
export class VerificationController<U extends Model> {
  constructor(
    private readonly settings: ConversionSettings<U>,
    private readonly verification: Verification<U>,
  ) {}

  async showSent(req: Request, res: Response): Promise<void> {
    await this.show(sentPage(ownPage('', req)), [req, res])
  }

  async showButton(req: Request, res: Response): Promise<void> {
    const found = await this.pendingConversionOf(req, res)
    if (found === undefined) return
    const { pending } = found
    const action = localPath(req.originalUrl)
    const page = confirmPage(await this.accountOf(pending), action, this.settings.csrf(req, res))
    await this.show(page, [req, res])
  }

  async takeButton(req: Request, res: Response): Promise<void> {
    refuseCrossSite(req, { trustedOrigins: ownOrigins(this.settings, req) })
    const found = await this.pendingConversionOf(req, res)
    if (found === undefined) return
    const isTheirs = this.isAskedBy(found.pending, req)
    if (isTheirs) requireRenewableSession(req, WHO) // before anything is changed

    const note = isTheirs ? await noteSessionEnd(req, 'converted') : undefined

    const completion = await this.fulfil(found).catch(async (error: unknown) => {
      await note?.withdraw()
      throw error
    })
    if (typeof completion === 'function') {
      await note?.withdraw()
      await this.show(completion(waysOn(this.settings, req)), [req, res])
      return
    }
    debug('guest converted by a verified address')
    if (isTheirs) {
      await openSession(this.settings, req, completion.user)
      await note?.confirm()
      res.redirect(303, wayBack(req) ?? ownPage('/success', req))
      return
    }
    // A link logs nobody in: whoever has typed in somebody else's address would have them use an account of theirs.
    await this.show(verifiedPage(leadingBack(this.settings.loginUrl, req)), [req, res])
  }

  /** The account; or the page that says why there is none. */
  private async fulfil({ pending, token }: Found): Promise<{ readonly user: U } | RefusedPage> {
    const { Guest } = this.settings
    const { emailField } = this.verification
    try {
      const completion: Completion<U> = await completePendingConversion(Guest, token, {
        email: pending.email,
        emailField,
      })
      if (completion === 'gone') return gonePage
      return completion === 'taken' ? takenAddressPage : completion
    } catch (error) {
      if (error instanceof NotGuestError) return convertedPage
      if (error instanceof UniqueConstraintError) return await this.whoseFault(error, pending)
      throw error
    }
  }

  /** @throws {UniqueConstraintError} the error itself, if it is about nothing that was typed */
  private async whoseFault(error: UniqueConstraintError, pending: PendingConversion): Promise<RefusedPage> {
    const { User, usernameField } = this.settings.Guest[guestSettings]
    const { emailField } = this.verification
    const { userId: except, details } = pending
    const username = details[usernameField]
    const isAddress = usernameField === emailField
    if (!isAddress && username !== undefined && (await isTaken(User, usernameField, username, { except })))
      return takenUsernamePage
    if (await isAddressTaken(User, emailField, String(details[emailField]), { except }))
      return takenAddressPage
    throw error
  }

  /** The pending conversion to which the link leads; without one, the page that says so was shown. */
  private async pendingConversionOf(req: Request, res: Response): Promise<Found | undefined> {
    hideFromAddress(req, TOKEN)
    // Also with pages of the application's own: the address is a credential.
    res.set({ 'Cache-Control': 'no-store', 'Referrer-Policy': 'same-origin' })
    const [token, ...more] = queryValues(req.originalUrl, TOKEN)
    if (!isToken(token) || more.length > 0) {
      await this.show(incompletePage(waysOn(this.settings, req)), [req, res])
      return undefined
    }
    const pending = await findPendingConversion(this.settings.Guest, token)
    if (pending !== undefined && provesAddress(pending, this.verification.emailField))
      return { pending, token }
    await this.show(gonePage(waysOn(this.settings, req)), [req, res])
    return undefined
  }

  /** What is going to be, in words for the page. */
  private async accountOf({
    userId,
    details,
  }: PendingConversion): Promise<{ username: string; email: string }> {
    const { User, usernameField } = this.settings.Guest[guestSettings]
    const email = String(details[this.verification.emailField])
    const wanted = details[usernameField]
    if (typeof wanted === 'string') return { username: wanted, email }
    const user = await User.unscoped().findByPk(userId, { useMaster: true })
    const current: unknown = user?.get(usernameField)
    return { username: typeof current === 'string' ? current : '', email }
  }

  private isAskedBy({ userId }: PendingConversion, req: Request): boolean {
    const guest = currentGuest(this.settings.Guest, req)
    return guest !== null && guest !== undefined && String(keyOf(guest)) === String(userId)
  }

  private async show(page: ConvertPage, [req, res]: readonly [Request, Response]): Promise<void> {
    await showConvertPage(this.settings, page, [req, res])
  }
}

interface Found {
  readonly pending: PendingConversion
  readonly token: string
}

type RefusedPage = typeof gonePage

const takenAddressPage: RefusedPage = (ways) => takenPage('This address', ways)
const takenUsernamePage: RefusedPage = (ways) => takenPage('This username', ways)
