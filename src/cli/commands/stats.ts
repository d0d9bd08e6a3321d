import type { Command } from 'commander'
import { readStats, type DayStats } from '../../stats/read-stats.js'
import { days } from '../arguments.js'
import { ExitCode } from '../exit-code.js'
import { modelsOf } from '../models.js'
import type { Output } from '../output.js'
import type { Perform } from '../perform.js'
import { guestReport, passReport } from '../stats/report.js'

interface StatsOptions {
  readonly days: number
}

const AFTER_HELP = `
Days are those of UTC. The rate is of the guests that were made on that day: how
many of them are regular users by now. What is suspected to be shared is of the
passes issued on that day. Bars stand for guests created, and for passes issued.

Examples:
  $ passport-ephemeral stats
  $ passport-ephemeral stats --days 7 --json`

/** `stats`: what happened, day by day. */
export function defineStats(program: Command, perform: Perform): void {
  program
    .command('stats')
    .summary('what happened, day by day')
    .description(
      'Guests created, converted, merged and expired, and passes issued, redeemed and suspected shared.',
    )
    .option('--days <count>', 'how many days, today the last', days, 30)
    .addHelpText('after', AFTER_HELP)
    .action((options: StatsOptions) =>
      perform(async (configuration, output) => {
        const stats = await readStats(modelsOf(configuration), options)
        if (output.isJson) output.document({ days: stats })
        else print(output, stats)
        return ExitCode.DONE
      }),
    )
}

function print(output: Output, days: readonly DayStats[]): void {
  const reports = [guestReport(days, output), passReport(days, output)].filter((lines) => lines.length > 0)
  for (const [place, lines] of reports.entries()) output.print(...(place === 0 ? [] : ['']), ...lines)
}
