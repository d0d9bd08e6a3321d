import { warn } from '../checks/warning.js'

/** Internal: the person is asked to try again; the application hears of `cause` by a warning. */
export class MessageNotSent extends Error {
  constructor(cause: unknown) {
    super('The link was not sent', { cause })
    this.name = 'MessageNotSent'
  }
}

/** The person sees an honest page; whoever runs the application must hear of it too. */
export function warnOfUnsent(caller: string, code: string, { message, cause }: MessageNotSent): void {
  const reason =
    cause instanceof Error ? (cause.stack ?? cause.message) : 'with something that is not an Error'
  warn(code, `${caller}: ${message}: ${reason}`)
}
