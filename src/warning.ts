import { helpFor } from './help.js'
import { redactText } from './http/redact-tokens.js'

/**
 * Emits a warning of the process for the operator. Every warning of this package is one of these, so that
 * `process.on('warning', …)` can tell them by `name` and `code`. The tokens of links that a message quotes are removed.
 *
 * @param advice what to do about it
 */
export function warn(code: string, message: string, advice: string): void {
  process.emitWarning(loggable(redactText(message)), {
    type: 'PassportEphemeralWarning',
    code,
    detail: `${advice}\nSee ${helpFor(code)}`,
  })
}

/** An error of a driver or a listener may quote what a client sent: no control characters, and no line that begins as one of the log. */
function loggable(text: string): string {
  return text.replace(/\n(?!\s)/g, '\n  ').replace(/[^\P{Cc}\n\t]/gu, '\uFFFD')
}
