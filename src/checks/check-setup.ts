import type { Application } from 'express'
import { InvalidOption } from '../invalid-option.js'
import { aBoolean, checkOptions, type Rule } from '../options.js'
import { bySeverity, finding, type Finding, type Report } from './finding.js'
import { sendProbe } from './probe.js'
import { unseenParts, type Collector } from './runtime/request-checks.js'

/** Options of {@link checkSetup}. */
export interface CheckSetupOptions {
  /**
   * The paths to ask for: one for each part of the application that has middleware of its own, such as `/convert`.
   * @default ['/']
   */
  paths?: readonly string[]
  /** Whether the application is judged as in production. @default `NODE_ENV` is 'production' */
  isProduction?: boolean
}

export const pathsRule: Rule = {
  expected: "a non-empty array of paths, such as ['/', '/convert']",
  test: (value) =>
    Array.isArray(value) &&
    value.length > 0 &&
    value.every((path) => typeof path === 'string' && path.startsWith('/')),
}

/** A word for those who have an application of NestJS, which is no Express application. */
export const EXPRESS_OF_NEST = 'of NestJS: nest.getHttpAdapter().getInstance(), after await nest.init()'

/** A route for forms alone, which no GET reaches. */
const REACHED_BY_FORM = new Set(['guestLogout'])

/**
 * Sends an Express application one GET for each of some paths, over the loopback interface, and returns the mistakes that
 * the middlewares and strategies of this package see in it; errors first. Call it once everything is mounted, in a test or
 * before `listen()`. `docs/doctor.md` explains each finding.
 *
 * The request is marked as fetched ahead, so no guest is created and no link is used up; a session that the application
 * begins for it is deleted. A path gets five seconds.
 *
 * @example
 * assert.deepEqual(await checkSetup(app, { isProduction: true, paths: ['/', '/convert'] }), [])
 *
 * @throws {TypeError} naming the option that is wrong
 * @throws {Error} if the process may not listen on 127.0.0.1; never because of what the application does
 */
export async function checkSetup(
  app: Application,
  options: CheckSetupOptions = {},
): Promise<readonly Finding[]> {
  if (typeof app !== 'function')
    throw new InvalidOption(`checkSetup: app must be what express() returned (${EXPRESS_OF_NEST})`)
  checkOptions('checkSetup', options, { paths: pathsRule, isProduction: aBoolean })
  const isProduction = options.isProduction ?? process.env['NODE_ENV'] === 'production'
  const collector: Collector = { isProduction, findings: [], seen: new Set() }
  const report: Report = (...parts) => collector.findings.push(finding(...parts))
  const { paths: requested = ['/'] } = options
  for (const path of requested) {
    checkStatus(path, await sendProbe(app, path, collector), report)
  }
  checkSettings(app, isProduction, report)
  checkReach(requested, collector, report)
  const byText = new Map(collector.findings.map((each) => [`${each.code} ${each.message}`, each]))
  return bySeverity([...byText.values()])
}

function checkStatus(path: string, status: number | undefined, report: Report): void {
  if (status === undefined) {
    report(
      'REQUEST_HANGS',
      'warning',
      `GET ${path} got no answer in five seconds.`,
      'Every middleware must answer, or call next(). What comes after it was not checked.',
    )
  } else if (status >= 500) {
    report(
      'REQUEST_FAILS',
      'error',
      `GET ${path} is answered with ${String(status)}.`,
      "Look in the application's log: the error is there. What comes after the failure was not checked.",
    )
  }
}

/** What no request has reached is not checked. An empty result must not pass for "all is well". */
function checkReach(requested: readonly string[], collector: Collector, report: Report): void {
  const remedy =
    "Name a path for each: checkSetup(app, { paths: ['/', '/convert'] }), or paths in passport-ephemeral.config.js; once everything is mounted."
  const unseen = unseenParts(collector).filter((caller) => !REACHED_BY_FORM.has(caller))
  const requests = `GET ${requested.join(', GET ')}`
  if (collector.seen.size === 0)
    report('NOTHING_SEEN', 'note', `No part of this package saw ${requests}: none was checked.`, remedy)
  else if (unseen.length > 0)
    report(
      'NOT_REACHED',
      'note',
      `Not checked, because they saw nothing of ${requests}: ${unseen.join(', ')}.`,
      remedy,
    )
}

/** Checks the settings of Express that need no request. */
function checkSettings(app: Application, isProduction: boolean, report: Report): void {
  // An application of another framework has no such settings.
  if (typeof app.get !== 'function' || typeof app.use !== 'function') return
  if (!isProduction || app.get('env') !== 'development') return
  report(
    'ENV_DEVELOPMENT',
    'warning',
    "Express runs in its environment 'development': it shows errors with their stack to every client.",
    'Start the application with NODE_ENV=production.',
  )
}
