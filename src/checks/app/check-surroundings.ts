import { listed, type Finding } from '../finding.js'
import type { ApplicationLike } from './express-parts.js'
import type { Step } from './outline.js'

/** Forms that write to mailboxes or the database, and that anybody can post. */
export function checkForms(steps: readonly Step[]): Finding[] {
  const unlimited = steps.filter(({ mark }) => mark?.hasLimiter === false)
  if (unlimited.length === 0) return []
  return [
    {
      code: 'form-unlimited',
      severity: 'warning',
      message: `${listed(unlimited.map(({ mark, where }) => `${mark?.name ?? ''} (${where})`))} has no limiter: a program can post its form as often as it likes.`,
      remedy: "Give it a limiter of rate-limiter-flexible's, or { ip, email } of them.",
    },
  ]
}

/** What Express keeps with the setting until somebody sets it. */
const IS_DEFAULT = '@@symbol:trust_proxy_default'

/** Whose word is taken for where a request comes from. */
export function checkProxy({ settings }: ApplicationLike, isProduction: boolean): Finding[] {
  const trust = settings['trust proxy']
  if (trust === true) {
    return [
      {
        code: 'trust-proxy-anything',
        severity: 'warning',
        message:
          "'trust proxy' is true: whoever sends X-Forwarded-For chooses their address, and no limiter by address holds.",
        remedy: "app.set('trust proxy', 1), the number of proxies in front, or their addresses.",
      },
    ]
  }
  if (!isProduction || settings[IS_DEFAULT] !== true) return []
  return [
    {
      code: 'trust-proxy-unset',
      severity: 'warning',
      message:
        "'trust proxy' is not set: behind a proxy everybody has its address, and secure cookies are not sent.",
      remedy:
        "app.set('trust proxy', 1), the number of proxies in front; without one, app.set('trust proxy', false).",
    },
  ]
}
