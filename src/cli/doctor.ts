import { diagnose } from '../checks/diagnose.js'
import type { Finding } from '../checks/finding.js'
import type { CheckCode } from '../checks/runtime/request-checks.js'
import { loadApplication, type Configuration } from './configuration.js'
import { ExitCode } from './failure.js'
import type { Output } from './output.js'
import { counted, printable } from './text.js'

/** Mistakes that the request of `doctor` cannot show: it brings no session and no login, and posts no form. */
const SEEN_LATER: readonly CheckCode[] = [
  'BODY_NOT_PARSED',
  'COOKIE_DUPLICATE',
  'COOKIE_NEVER_SENT',
  'GUEST_DESERIALIZER_MISSING',
  'GUEST_NOT_REMEMBERED',
  'RESAVE',
  'SESSION_TOUCHED_OFTEN',
  'WEAK_SESSION_SECRET',
]

/** Flags of `doctor`. */
interface DoctorOptions {
  readonly production?: boolean
}

/** Prints what is wrong with database and configuration, and how to mend it. */
export async function doctor(
  configuration: Configuration,
  output: Output,
  { production }: DoctorOptions,
): Promise<ExitCode> {
  const { source, sequelize, Guest, Visitor, paths = ['/'] } = configuration
  const app = await loadApplication(configuration)
  const findings = await diagnose({
    sequelize,
    ...(Guest && { Guest }),
    ...(Visitor && { Visitor }),
    ...(app && { app, paths }),
    ...(production !== undefined && { isProduction: production }),
  })
  const leftOut = partsLeftOut(configuration)
  const requests = app === undefined ? [] : paths.map((path) => `GET ${path}`)
  if (output.isJson) output.document({ source, findings, requests, leftOut })
  else {
    for (const finding of findings) printFinding(output, finding)
    output.print(
      summary(findings, source),
      ...(requests.length > 0 ? [`The application was asked for ${printable(requests.join(', '))}.`] : []),
      ...leftOut.map((what) => `Not checked: ${printable(what)}.`),
    )
  }
  return findings.some(({ severity }) => severity === 'error') ? ExitCode.PROBLEM : ExitCode.DONE
}

/** What could not be checked, for want of an export. */
function partsLeftOut({ app, Guest, Visitor, source }: Configuration): string[] {
  return [
    ...(app === undefined
      ? [`the application: proxies, cookies, sessions and the order of middleware (${source} exports no app)`]
      : [
          `what only requests with a session show (${SEEN_LATER.join(', ')}): the application itself warns of it`,
        ]),
    ...(Guest === undefined ? [`guests (${source} exports no Guest)`] : []),
    ...(Visitor === undefined ? [`visitors (${source} exports no Visitor)`] : []),
  ]
}

function printFinding(output: Output, { severity, code, message, remedy }: Finding): void {
  output.print(
    `${severity} ${printable(message)} [${code}]`,
    ...remedy.split('\n').map((line) => `    ${printable(line)}`.trimEnd()),
    '',
  )
}

function summary(findings: readonly Finding[], source: string): string {
  if (findings.length === 0) return `Nothing wrong was found in ${printable(source)}.`
  const counts = (['error', 'warning', 'note'] as const).map((severity) =>
    counted(findings.filter((finding) => finding.severity === severity).length, severity),
  )
  return `${counts.join(', ')} in ${printable(source)}.`
}
