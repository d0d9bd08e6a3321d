import type { Application } from 'express'
import type { Check } from './request-checks.js'

/** Express stores this beside the setting until the application sets it. */
const IS_DEFAULT = '@@symbol:trust_proxy_default'

/** What Express's setting `trust proxy` is: the default, `true`, or a deliberate choice. */
function trustOf(app: Application): 'default' | 'anything' | 'chosen' {
  const trust: unknown = app.get('trust proxy')
  if (trust === true) return 'anything'
  return trust === false && app.get(IS_DEFAULT) === true ? 'default' : 'chosen'
}

/** Checks which proxies the application trusts for the address of a client. */
export const checkProxy: Check = ({ req, isProduction, isProbe, report }) => {
  const trust = trustOf(req.app)
  if (trust === 'anything') {
    report(
      'PROXY_TRUSTS_ANYTHING',
      isProduction ? 'warning' : 'note',
      "'trust proxy' is true: a client chooses its own address by X-Forwarded-For, and no limiter by address holds.",
      "app.set('trust proxy', 1), the number of proxies in front, or their addresses.",
    )
    return undefined
  }
  if (trust === 'chosen') return undefined
  const isForwarded =
    isProbe || req.headers['x-forwarded-for'] !== undefined || req.headers['x-forwarded-proto'] !== undefined
  if (!isForwarded) return false
  report(
    'PROXY_UNTRUSTED',
    isProduction ? 'warning' : 'note',
    isProbe
      ? "'trust proxy' is not set: behind a proxy all clients have its address, and secure cookies are not sent."
      : "A request came through a proxy, and 'trust proxy' is not set: all clients have the proxy's address, and secure cookies are not sent.",
    "app.set('trust proxy', 1), the number of proxies in front; without one, app.set('trust proxy', false).",
  )
  return undefined
}
