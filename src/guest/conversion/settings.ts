import type { Request } from 'express'
import type { Model } from 'sequelize'
import { baseOf, type BaseUrl } from '../../http/base-url.js'
import type { CsrfFieldOf } from '../../pages/csrf-field.js'
import type { FormLimits } from '../../pages/form-limits.js'
import { isLocalPath, mountPath } from '../../http/address.js'
import type { FormField } from '../../pages/form-page.js'
import { queryValues, withQuery } from '../../http/query.js'
import type { GuestModel } from '../guest.js'
import type { RenderConvert, WaysOn } from './pages.js'
import type { ConvertSchema } from './schema.js'
import type { SendConvertLink, TellTaken } from './verify-email.js'

export const WHO = 'convertRouter'

/** What the pages of the conversion work with, defaults filled in. */
export interface ConversionSettings<U extends Model> {
  readonly Guest: GuestModel<U>
  readonly hashPassword: ((password: string) => string | Promise<string>) | undefined
  readonly passwordField: string | undefined
  readonly fields: readonly FormField[]
  readonly schema: ConvertSchema
  readonly prefillUsername: boolean
  readonly loginUrl: string
  readonly registeredUrl: string
  readonly formLimits: FormLimits
  readonly keepSessionData: readonly string[]
  readonly render: RenderConvert | undefined
  readonly csrf: CsrfFieldOf
  readonly verification: Verification<U> | undefined
}

/** How addresses are proven, defaults filled in. */
export interface Verification<U extends Model> {
  readonly send: SendConvertLink<U>
  readonly sendTaken: TellTaken | undefined
  readonly baseUrl: BaseUrl
  /** Seconds. */
  readonly expiresIn: number
  readonly emailField: string
}

/** Origins of this site beyond the request's own, as far as the application has told. */
export function ownOrigins<U extends Model>({ verification }: ConversionSettings<U>, req: Request): string[] {
  return verification === undefined ? [] : [new URL(baseOf(WHO, verification.baseUrl, req)).origin]
}

/** Where they wanted to go, if that is a path of this site. */
export function wayBack(req: Request): string | undefined {
  const [next, ...more] = queryValues(req.originalUrl, 'next')
  return more.length === 0 && isLocalPath(next) ? next : undefined
}

/** An address that leads on to where they wanted to go. */
export function leadingBack(url: string, req: Request): string {
  const next = wayBack(req)
  return next === undefined ? url : withQuery(url, 'next', next)
}

/** The address of one of our own pages, with the way back. */
export function ownPage(page: '' | '/sent' | '/success' | '/verify', req: Request): string {
  return leadingBack(mountPath(req) + page || '/', req)
}

export function waysOn<U extends Model>({ loginUrl }: ConversionSettings<U>, req: Request): WaysOn {
  return { loginUrl: leadingBack(loginUrl, req), formUrl: ownPage('', req) }
}
