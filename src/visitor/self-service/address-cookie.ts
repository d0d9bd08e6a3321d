import type { Request } from 'express'
import { mountPath } from '../../http/address.js'
import { clientContext } from '../../http/client-network.js'
import { giveSignedCookie, readSignedCookie, type Seal, type SignedCookie } from '../../http/signed-cookie.js'
import type { Flow } from '../../pages/flow-declaration.js'

/** Seconds for which the form and the page after it repeat the address. */
const LIFETIME = 15 * 60

/**
 * Keeps the address that was typed in the browser that typed it: there may be no session, and none is made for it. Signed, and
 * bound to the client, so that no sister domain decides what the page tells: it can set a cookie that it got itself.
 */
export function addressCookie(seal: Seal): Pick<Flow<never, never, never>, 'keepAddress' | 'keptAddress'> {
  const cookie = (req: Request): SignedCookie => ({
    name: 'visitor-address',
    seal,
    lifetime: LIFETIME,
    untilBrowserCloses: true,
    path: mountPath(req) || '/',
    context: clientContext(req),
  })
  return {
    keepAddress(req, address) {
      giveSignedCookie(req, cookie(req), Buffer.from(address).toString('base64url'))
    },
    keptAddress(req) {
      const content = readSignedCookie(req, cookie(req))
      return content === undefined ? undefined : Buffer.from(content, 'base64url').toString()
    },
  }
}
