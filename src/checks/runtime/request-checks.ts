import createDebug from 'debug'
import type { Request } from 'express'
import type { Rule } from '../../options.js'
import { finding, type Finding } from '../finding.js'
import { warn } from '../../warning.js'
import { MISTAKES } from './mistakes.js'
import { describeError } from '../../http/redact-tokens.js'

const debug = createDebug('passport-ephemeral:checks')

/** The code of a mistake that is warned of at run time. */
export type CheckCode = keyof typeof MISTAKES

/** Which checks run: `false` turns all of them off, `{ MEMORY_STORE: false }` one of them. */
export type Validations = boolean | Readonly<Partial<Record<CheckCode, boolean>>>

/** The rule for every option `validations`. */
export const validationsRule: Rule = {
  expected: `true, false, or an object of codes and booleans, with the codes ${Object.keys(MISTAKES).join(', ')}`,
  test: (value) =>
    typeof value === 'boolean' ||
    (typeof value === 'object' &&
      value !== null &&
      Object.entries(value).every(([code, isOn]) => code in MISTAKES && typeof isOn === 'boolean')),
}

/** One request, as a check sees it. */
export interface Look {
  readonly req: Request
  /** The middleware or strategy that looks. */
  readonly caller: string
  readonly isProduction: boolean
  /** Whether `checkSetup` has sent the request. */
  readonly isProbe: boolean
  /** May be called later, when the response has ended. */
  readonly report: (code: CheckCode, subject?: string) => void
}

/** Looks for one kind of mistake. Returns whether this request could have shown it; if not, another one is looked at. */
export type Check = (look: Look) => boolean

/** What `checkSetup` puts on its own request, to get the findings. */
export interface Collector {
  readonly isProduction: boolean
  readonly findings: Finding[]
  /** The middlewares and strategies of this package that saw the request. */
  readonly seen: Set<string>
}

/** Shared by all copies of this package in the process: the command line may run another one than the application. */
const COLLECTOR = Symbol.for('passport-ephemeral.collector')

/** Sends the findings about one request to a collector. */
export function collectFindings(req: object, collector: Collector): void {
  Object.defineProperty(req, COLLECTOR, { value: collector })
}

/** The middlewares and strategies that were made in this process, and look at requests. */
const made = new Set<string>()

/** Which of them saw no request of `checkSetup`. */
export function unseenParts({ seen }: Collector): string[] {
  return [...made].filter((caller) => !seen.has(caller)).sort()
}

/** A check runs for so many requests of each middleware. */
const LOOKS = 5

/** Codes that were warned of in this process. */
const warned = new Set<string>()

/**
 * Makes the function by which a middleware or a strategy has its first requests checked. Each mistake is warned of once a
 * process, and after a few requests nothing is computed any more. A request of `checkSetup` is always checked.
 *
 * @example
 * const look = requestChecks('ensureVisitor', [visitorStrategyCheck], options.validations)
 */
export function requestChecks(
  caller: string,
  checks: readonly Check[],
  validations: Validations = true,
): (req: Request) => void {
  if (validations === false) return () => undefined
  made.add(caller)
  const all = [checkCopies, ...checks]
  let open = all.map((check) => ({ check, looks: 0 }))

  function run(check: Check, req: Request, collector: Collector | undefined): boolean {
    const isProduction = collector?.isProduction ?? process.env['NODE_ENV'] === 'production'
    const report: Look['report'] = (code, subject = caller) => {
      if (typeof validations === 'object' && validations[code] === false) return
      const { severity, message, remedy } = MISTAKES[code]
      const [rank, where] = severity.split(' in ') as [Finding['severity'], 'production'?]
      const severityHere = where === undefined || isProduction ? rank : 'note'
      const found = finding(
        code,
        severityHere,
        message.replace('%s', () => subject),
        remedy,
      )
      if (collector === undefined) warnOnce(found)
      else collector.findings.push(found)
    }
    try {
      return check({ req, caller, isProduction, isProbe: collector !== undefined, report })
    } catch (error) {
      debug('a check of %s failed: %s', caller, describeError(error))
      return true
    }
  }

  return function look(req) {
    const collector = (req as { readonly [COLLECTOR]?: Collector })[COLLECTOR]
    if (collector !== undefined) {
      collector.seen.add(caller)
      for (const check of all) run(check, req, collector)
      return
    }
    if (open.length === 0) return
    for (const each of open) if (run(each.check, req, undefined)) each.looks += 1
    open = open.filter(({ looks }) => looks < LOOKS)
  }
}

/** Warns of a mistake, once a process. Notes are for `checkSetup` alone. */
export function warnOnce({ code, severity, message, remedy }: Finding): void {
  if (severity === 'note' || warned.has(code)) return
  warned.add(code)
  warn(code, message, remedy)
}

/** The copies of this package that are in use in this process. */
const COPIES = Symbol.for('passport-ephemeral.copies')

/** What one copy stores beside a request or a user, another copy does not see. */
const checkCopies: Check = ({ report }) => {
  const copies = (Reflect.get(globalThis, COPIES) as Set<string> | undefined) ?? new Set<string>()
  Reflect.set(globalThis, COPIES, copies.add(ownFolder()))
  if (copies.size > 1) report('PACKAGE_LOADED_TWICE', [...copies].join(' and '))
  return true
}

/** The folder of this copy, by the stack: `import.meta` would keep Jest from transforming this file to CommonJS. */
function ownFolder(): string {
  return /[^\s(]+(?=\/(?:dist|src)\/checks\/runtime\/)/.exec(new Error().stack ?? '')?.[0] ?? ''
}
