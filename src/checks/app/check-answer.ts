import { EphemeralError } from '../../errors.js'
import { listed, type Finding } from '../finding.js'
import type { Probe } from './probe.js'

/** Whether the application answered, and how. */
export function checkAnswer({ status, trail, failure }: Probe): Finding[] {
  const { error, isShortened } = trail
  if (failure !== undefined) {
    return [
      {
        code: 'probe-impossible',
        severity: 'note',
        message: `No request could be sent over the loopback interface (${describe(failure)}): what shows only in a request was not looked at.`,
        remedy: 'Run the check where a process may listen on 127.0.0.1.',
      },
    ]
  }
  if (error instanceof EphemeralError && error.status >= 500) {
    return [
      {
        code: 'request-fails',
        severity: 'error',
        message: `An ordinary request fails with ${error.code}: ${error.message}.`,
        remedy: `docs/errors.md#${error.code.toLowerCase()}`,
      },
    ]
  }
  if (status === undefined) {
    const stuck = [...trail.open].at(-1)
    return [
      {
        code: 'request-hangs',
        severity: 'warning',
        message: `An ordinary request for a page that is not there got no answer in five seconds${stuck === undefined ? '' : `, and is stuck in ${stuck.handler.name || 'a function without a name'} (${stuck.where})`}${error === undefined ? '' : `, after ${describe(error)}`}.`,
        remedy: 'Every middleware must answer, or call next(). What comes after it was not looked at.',
      },
    ]
  }
  // Past a guest who was not made, a page may well fail that never fails for people.
  if (status < 500 || isShortened) return []
  return [
    {
      code: 'request-fails',
      severity: 'warning',
      message: `An ordinary request for a page that is not there is answered with ${status}${error === undefined ? '' : ` (${describe(error)})`}.`,
      remedy:
        "Look in the application's log; if the session's store or the database was not reachable, try again.",
    },
  ]
}

/** What kind of error it is; its message may say what is nobody's business here. */
function describe(error: unknown): string {
  if (!(error instanceof Error)) return listed([typeof error])
  const code: unknown = (error as { code?: unknown }).code
  return typeof code === 'string' ? `${error.name}, ${code}` : error.name
}
