import type { Request } from 'express'
import { EphemeralError } from '../errors.js'
import { describeError } from '../http/redact-tokens.js'
import { warn } from '../warning.js'

/** Asks whether a person sent this request, by a captcha for example. Anything but `true` refuses. */
export type Verify = (req: Request) => boolean | Promise<boolean>

/** The application's own check (`verify`) failed, so that nothing tells whether a person sent this request. */
export class VerifyUnavailable extends EphemeralError {
  static override readonly code = 'ERR_VERIFY_UNAVAILABLE'
  override readonly status = 503

  constructor(cause: unknown) {
    super('It cannot be verified for now that a person sent this request: try again later', { cause })
  }
}

/** The status of the answer that refuses a request, and why `verify` could not be asked. */
export type Unverified = { readonly status: 403 } | { readonly status: 503; readonly cause: unknown }

/**
 * Asks the option `verify`, if there is one. A throw is a failure of the captcha's service: the operator hears of it by a warning.
 *
 * @returns `undefined` if the request is admitted
 */
export async function askVerify(
  caller: string,
  verify: Verify | undefined,
  req: Request,
): Promise<Unverified | undefined> {
  if (verify === undefined) return undefined
  try {
    const isVerified: unknown = await verify(req)
    return isVerified === true ? undefined : { status: 403 }
  } catch (error) {
    warn(
      'VERIFY_FAILED',
      `${caller}: option 'verify' failed: ${describeError(error)}`,
      "Look into 'verify' and the service that it asks. The person was asked to try again later.",
    )
    return { status: 503, cause: error }
  }
}
