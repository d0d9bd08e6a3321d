import type { Command } from 'commander'
import { Op, type WhereOptions } from 'sequelize'
import { fieldOf } from '../../database/columns.js'
import type { Visitor } from '../../visitor/visitor.js'
import { positive } from '../arguments.js'
import { ExitCode } from '../exit-code.js'
import { passesOf } from '../models.js'
import type { Output } from '../output.js'
import {
  describePass,
  showsUuids,
  whoHolds,
  type DescribedPass,
  type PassState,
} from '../passes/describe-pass.js'
import { ofAddress } from '../passes/of-address.js'
import type { Perform } from '../perform.js'
import { fitted } from '../text/fit.js'
import { grouped } from '../text/number.js'
import { minute } from '../text/when.js'

interface VisitorsOptions {
  readonly scope?: string
  readonly email?: string
  readonly all?: boolean
  readonly limit: number
}

const AFTER_HELP = `
The newest first. No uuid is shown where links carry bare UUIDs, or where the
secret is not known: it could be a token.

Examples:
  $ passport-ephemeral visitors --scope REFERENCE_REQUEST
  $ passport-ephemeral visitors --email ginger@example.com --all --json`

/** `visitors`: the passes. */
export function defineVisitors(program: Command, perform: Perform): void {
  program
    .command('visitors')
    .summary('list the visitor passes')
    .description('Lists the visitor passes whose links are open, or all of them.')
    .option('--scope <scope>', 'those of this scope')
    .option('--email <address>', 'those of this address, in capitals or not')
    .option('--all', 'also those that are expired, closed or used up')
    .option('--limit <count>', 'how many at most', positive, 50)
    .addHelpText('after', AFTER_HELP)
    .action((options: VisitorsOptions) =>
      perform(async (configuration, output) => {
        const Passes = passesOf(configuration)
        const { limit } = options
        const where = { [Op.and]: conditions(Passes, options) } as WhereOptions<Visitor>
        const found = await Passes.findAll({ where, order: [['id', 'DESC']], limit: limit + 1 })
        const passes = found.slice(0, limit).map((pass) => describePass(Passes, pass))
        const hasMore = found.length > limit
        if (output.isJson) output.document({ passes, hasMore })
        else print(output, passes, showsUuids(Passes))
        if (hasMore) output.note(`There are more: --limit ${String(limit * 10)} shows them.`)
        return ExitCode.DONE
      }),
    )
}

function conditions(Passes: typeof Visitor, { scope, email, all }: VisitorsOptions): object[] {
  return [
    ...(scope === undefined ? [] : [{ scope }]),
    ...(email === undefined ? [] : [ofAddress(Passes, email)]),
    ...(all === true ? [] : [open(Passes)]),
  ]
}

/** What `invalidity()` says of one pass, for the database. */
function open(Passes: typeof Visitor): object {
  return {
    isActive: true,
    expiresAt: { [Op.gt]: new Date() },
    maxUses: { [Op.or]: [null, { [Op.gt]: { [Op.col]: fieldOf(Passes, 'uses') } }] },
  }
}

function print(output: Output, passes: readonly DescribedPass[], hasUuids: boolean): void {
  if (passes.length === 0) {
    output.print('No passes.')
    return
  }
  const columns = [
    { heading: 'id', align: 'right' as const },
    ...(hasUuids ? [{ heading: 'uuid' }] : []),
    { heading: 'who' },
    { heading: 'scope' },
    { heading: 'uses', align: 'right' as const },
    { heading: 'expires (UTC)' },
    { heading: 'state' },
  ]
  const rows = passes.map((pass) => [
    String(pass.id),
    ...(hasUuids ? [pass.uuid ?? ''] : []),
    whoHolds({ fullName: pass.name, email: pass.email }),
    pass.scope,
    pass.maxUses === null ? grouped(pass.uses) : `${grouped(pass.uses)}/${grouped(pass.maxUses)}`,
    minute(pass.expiresAt),
    pass.state,
  ])
  const { colours } = output
  const paint = (state: PassState | undefined) => (state === 'open' ? colours.green : colours.dim)
  const who = hasUuids ? 2 : 1
  output.table(fitted(columns, rows, { width: output.room, clips: [who, who + 1] }), (line, place) =>
    painted(line, passes[place]?.state, paint),
  )
}

/** The state is what a line ends with. */
function painted(
  line: string,
  state: PassState = 'open',
  paint: (state: PassState) => (text: string) => string,
): string {
  return line.slice(0, -state.length) + paint(state)(state)
}
