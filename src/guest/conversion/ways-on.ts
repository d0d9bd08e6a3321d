import type { Model } from 'sequelize'
import { withWayBack } from '../../http/address.js'
import { publicUrl } from '../../http/base-url.js'
import type { FlowRequest } from '../../pages/flow-declaration.js'
import { guestSettings } from '../guest.js'
import type { UserId } from '../user-key.js'
import { refusedPage, type ConvertPage, type WaysOn } from './pages.js'
import type { ConversionSettings } from './settings.js'

/** Why a user who was a guest at the beginning of the request no longer is one. */
export async function noGuestPage<U extends Model>(
  settings: ConversionSettings<U>,
  userId: UserId,
  request: FlowRequest,
): Promise<ConvertPage> {
  const { User } = settings.Guest[guestSettings]
  const user = await User.unscoped().findByPk(userId, { paranoid: false, useMaster: true, raw: false })
  return refusedPage(request.context, user === null ? 'deleted' : 'converted', waysOn(settings, request))
}

export function waysOn<U extends Model>(
  { loginUrl }: ConversionSettings<U>,
  { req, carried, pageUrl }: FlowRequest,
): WaysOn {
  const url = publicUrl(req, loginUrl)
  const login = carried === undefined ? url : withWayBack(url, carried)
  return { login, form: pageUrl('/') }
}
