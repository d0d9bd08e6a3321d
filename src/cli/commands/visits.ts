import type { Command } from 'commander'
import { visitorSettings, type Visitor } from '../../visitor/visitor.js'
import type { VisitorLog } from '../../visitor/visits/visitor-log.js'
import { positive } from '../arguments.js'
import { ExitCode } from '../exit-code.js'
import { passesOf } from '../models.js'
import type { Output } from '../output.js'
import { describePass, whoHolds } from '../passes/describe-pass.js'
import { passNamed } from '../passes/find-pass.js'
import type { Perform } from '../perform.js'
import { printable } from '../text/printable.js'
import { fitted } from '../text/fit.js'
import { second } from '../text/when.js'

interface VisitsOptions {
  readonly limit: number
}

const AFTER_HELP = `
The newest first. Exits with 1 if there is no such pass.

Examples:
  $ passport-ephemeral visits 17
  $ passport-ephemeral visits 2f8a0f0e-6f0c-4d0c-9a57-6f8f1d1f3b5e --limit 500 --json`

/** `visits`: what was done with one pass. */
export function defineVisits(program: Command, perform: Perform): void {
  program
    .command('visits')
    .summary('list the visits of one pass')
    .description('Lists the requests that were made with one pass, admitted or refused.')
    .argument('<pass>', 'uuid or id of the pass')
    .option('--limit <count>', 'how many at most', positive, 50)
    .addHelpText('after', AFTER_HELP)
    .action((name: string, { limit }: VisitsOptions) =>
      perform(async (configuration, output) => {
        const Passes = passesOf(configuration)
        const pass = await Passes.findOne({ where: passNamed(name) })
        if (pass === null) {
          if (output.isJson) output.document({ pass: null, visits: [], hasMore: false })
          else output.print('There is no such pass.')
          return ExitCode.PROBLEM
        }
        const Visits = Passes[visitorSettings].VisitorLog
        const found = await Visits.findAll({
          where: { visitorId: pass.id },
          order: [
            ['createdAt', 'DESC'],
            ['id', 'DESC'],
          ],
          limit: limit + 1,
        })
        const visits = found.slice(0, limit)
        const hasMore = found.length > limit
        if (output.isJson) {
          output.document({ pass: describePass(Passes, pass), visits: visits.map(describeVisit), hasMore })
        } else print(output, pass, visits)
        if (hasMore) output.note(`There are more: --limit ${String(limit * 10)} shows them.`)
        return ExitCode.DONE
      }),
    )
}

function describeVisit(visit: VisitorLog): object {
  const { createdAt, outcome, method, path, status, ip, userAgent, referrer } = visit
  return { createdAt, outcome, method, path, status, ip, userAgent, referrer }
}

function print(output: Output, pass: Visitor, visits: readonly VisitorLog[]): void {
  const { scope } = pass
  const state = pass.invalidity() ?? 'open'
  output.print(printable(`Pass ${String(pass.id)}: ${whoHolds(pass)}, ${scope}, ${state}`), '')
  if (visits.length === 0) {
    output.print('No visits.')
    return
  }
  const columns = [
    { heading: 'when (UTC)' },
    { heading: 'outcome' },
    { heading: 'status', align: 'right' as const },
    { heading: 'request' },
    { heading: 'address' },
    { heading: 'browser' },
  ]
  const rows = visits.map((visit) => [
    second(visit.createdAt),
    visit.outcome,
    String(visit.status),
    `${visit.method} ${visit.path}`,
    visit.ip,
    visit.userAgent,
  ])
  output.table(fitted(columns, rows, { width: output.room, clips: [3, 5] }))
}
