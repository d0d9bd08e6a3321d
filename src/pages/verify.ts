import type { Request } from 'express'
import { describeError } from '../http/redact-tokens.js'
import { warn } from '../warning.js'

/** Asks whether a person sent this request, by a captcha for example. Anything but `true` refuses. */
export type Verify = (req: Request) => boolean | Promise<boolean>

/**
 * Asks the option `verify`, if there is one. A throw is a failure of the captcha's service: the operator hears of it by a warning.
 *
 * @returns the status of the page that refuses the request; `undefined` if it is admitted
 */
export async function askVerify(
  caller: string,
  verify: Verify | undefined,
  req: Request,
): Promise<403 | 503 | undefined> {
  if (verify === undefined) return undefined
  try {
    const isVerified: unknown = await verify(req)
    return isVerified === true ? undefined : 403
  } catch (error) {
    warn(
      'VERIFY_FAILED',
      `${caller}: option 'verify' failed: ${describeError(error)}`,
      "Look into 'verify' and the service that it asks. The person was asked to try again later.",
    )
    return 503
  }
}
