import type { Check } from './request-checks.js'

/** Express stores this beside `trust proxy` until the application sets it. */
const IS_DEFAULT = '@@symbol:trust_proxy_default'

/** Checks which proxies the application trusts for the address of a client. */
export const checkProxy: Check = ({ req, isProbe, report }) => {
  const trust: unknown = req.app.get('trust proxy')
  if (trust === true) {
    report(
      'PROXY_TRUSTS_ANYTHING',
      "'trust proxy' is true: a client chooses its own address by X-Forwarded-For, and no limiter by address holds.",
      "app.set('trust proxy', 1), the number of proxies in front, or their addresses.",
    )
  }
  const isChosen = trust !== false || req.app.get(IS_DEFAULT) !== true
  if (isChosen) return true
  const isForwarded = ['x-forwarded-for', 'x-forwarded-proto'].some((name) => name in req.headers)
  if (!isProbe && !isForwarded) return false
  report(
    'PROXY_UNTRUSTED',
    "'trust proxy' is not set: behind a proxy all clients have its address, and secure cookies are not sent.",
    "app.set('trust proxy', 1), the number of proxies in front; without one, app.set('trust proxy', false).",
  )
  return true
}
