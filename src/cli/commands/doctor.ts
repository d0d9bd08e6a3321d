import type { Command } from 'commander'
import { diagnose } from '../../checks/diagnose.js'
import type { Finding } from '../../checks/finding.js'
import type { Configuration } from '../configuration/configuration.js'
import { ExitCode } from '../exit-code.js'
import type { Output } from '../output.js'
import type { Perform } from '../perform.js'
import { counted } from '../text/counted.js'
import { printable } from '../text/printable.js'

interface DoctorOptions {
  readonly production?: boolean
}

const AFTER_HELP = `
Looks, and changes nothing. Exits with 1 if there is an error; warnings and
notes alone are 0.

Examples:
  $ passport-ephemeral doctor --production
  $ passport-ephemeral doctor --json`

/** `doctor`: what is wrong with database and configuration, and how to mend it. */
export function defineDoctor(program: Command, perform: Perform): void {
  program
    .command('doctor')
    .summary('say what is wrong, and how to mend it')
    .description(
      'Looks at the real database, the models and the application, and says what is wrong with them.',
    )
    .option('--production', 'judge as in production (default: if NODE_ENV says so)')
    .option('--no-production', 'judge as on a developer’s machine')
    .addHelpText('after', AFTER_HELP)
    .action(({ production }: DoctorOptions) =>
      perform(
        async (configuration, output) => {
          const { sequelize, Guest, Visitor, app } = configuration
          const all = await diagnose({
            sequelize,
            ...(Guest && { Guest }),
            ...(Visitor && { Visitor }),
            ...(app && { app }),
            ...(production !== undefined && { isProduction: production }),
          })
          // It is back by now: without models nothing was looked at.
          if (configuration.unreachable && all.length === 0) throw configuration.unreachable
          const findings = all.filter(({ code }) => isKnown(code, configuration))
          const skipped = leftOut(configuration)
          if (output.isJson) output.document({ source: configuration.source, findings, leftOut: skipped })
          else print(output, configuration, findings, skipped)
          return findings.some(({ severity }) => severity === 'error') ? ExitCode.PROBLEM : ExitCode.DONE
        },
        { isForUnreachable: true },
      ),
    )
}

/** What only the application knows cannot be held against it. */
function isKnown(code: string, { hasSecret, hasMaxAge }: Configuration): boolean {
  return (hasSecret || code !== 'VISITOR_SECRET_MISSING') && (hasMaxAge || code !== 'EXPIRED_GUESTS_LEFT')
}

/** What nobody could look at, in words. */
function leftOut({
  app,
  Guest,
  Visitor,
  hasSecret,
  hasMaxAge,
  source,
  unreachable,
}: Configuration): string[] {
  return [
    ...(app === undefined
      ? [
          `the application: proxies, cookies, sessions and the order of middleware (no app comes from ${source})`,
        ]
      : []),
    ...(unreachable === undefined ? [] : ['the tables (the database does not answer)']),
    ...(Guest === undefined && unreachable === undefined ? [`guests (there is no Guest in ${source})`] : []),
    ...(Visitor === undefined && unreachable === undefined
      ? [`visitors (there is no Visitor in ${source})`]
      : []),
    ...(hasSecret ? [] : ['the secret of the links (VISITOR_SECRET is not set)']),
    ...(hasMaxAge || Guest === undefined
      ? []
      : ['guests who have expired (PASSPORT_EPHEMERAL_MAX_AGE is not set)']),
  ]
}

function print(
  output: Output,
  { source }: Configuration,
  findings: readonly Finding[],
  skipped: readonly string[],
): void {
  const { colours } = output
  const paint = { error: colours.red, warning: colours.yellow, note: colours.cyan }
  for (const { severity, code, message, remedy, help } of findings) {
    output.print(
      `${colours.bold(paint[severity](severity))} ${printable(message)} ${colours.dim(`[${code}]`)}`,
      ...remedy.split('\n').map((line) => `    ${printable(line)}`.trimEnd()),
      `    ${colours.dim(help)}`,
      '',
    )
  }
  output.print(summary(findings, source), ...skipped.map((what) => `Not looked at: ${printable(what)}.`))
}

function summary(findings: readonly Finding[], source: string): string {
  const count = (severity: Finding['severity']): number =>
    findings.filter((finding) => finding.severity === severity).length
  if (findings.length === 0) return `Nothing wrong was found in ${printable(source)}.`
  const counts = [
    counted(count('error'), 'error'),
    counted(count('warning'), 'warning'),
    counted(count('note'), 'note'),
  ]
  return `${counts.join(', ')} in ${printable(source)}.`
}
