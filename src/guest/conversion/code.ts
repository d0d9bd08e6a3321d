import type { Request } from 'express'
import type { Model } from 'sequelize'
import { announce } from '../../events/events.js'
import { mountPath } from '../../http/address.js'
import { cookiesNamed, giveCookie } from '../../http/signed-cookie.js'
import type { CodeEntry } from '../../pages/flow-declaration.js'
import { CODE_LIFETIME, tryCode } from '../../pages/one-time-code.js'
import { guestSettings } from '../guest.js'
import { keyOf } from '../user-key.js'
import { confirmPending, isConvertedMeanwhile, successOf } from './confirmation.js'
import type { ConvertPage } from './pages.js'
import { provesAddress } from './pending-conversions.js'
import type { ConversionSettings } from './settings.js'

/** Not signed: the session decides whose code it is, and the row of that guest whether the secret is the right one. */
const COOKIE = 'guest-code'

/** Keeps the secret in the browser without which its code cannot be tried. */
export function keepCodeSecret(req: Request, secret: string): void {
  giveCookie(req, COOKIE, secret, { seconds: CODE_LIFETIME, path: mountPath(req) || '/' })
}

/** The code of a pending conversion: it converts the guest who asked, in the browser that asked. */
export function conversionCode<U extends Model>(settings: ConversionSettings<U>): CodeEntry<U, ConvertPage> {
  const { Guest, emailField } = settings
  const { PendingConversion } = Guest[guestSettings]
  return {
    isAskedFor: (req) => cookiesNamed(req, COOKIE).length > 0,
    async confirm(code, form) {
      const { req, who: guest } = form
      const userId = keyOf(guest)
      const attempt = await tryCode(
        PendingConversion,
        { userId },
        { code, secrets: cookiesNamed(req, COOKIE) },
      )
      if ('row' in attempt) {
        if (provesAddress(attempt.row, emailField)) return await confirmPending(settings, attempt.row, form)
        return { attemptsLeft: 0 }
      }
      if (attempt.isWrong) announce(Guest.events, 'refused', { reason: 'wrong-code', userId, req })
      else if (await isConvertedMeanwhile(Guest, guest, req)) return successOf(form)
      return attempt
    },
  }
}
