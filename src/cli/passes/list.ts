import { Op, type WhereOptions } from 'sequelize'
import { fieldOf } from '../../database/columns.js'
import { type Visitor } from '../../visitor/visitor.js'
import type { VisitorLog } from '../../visitor/visits/visitor-log.js'
import { requireVisitor, type Configuration } from '../configuration.js'
import { ExitCode } from '../failure.js'
import type { Output } from '../output.js'
import { fitTable, type Column } from '../table.js'
import { grouped, minute, printable, second } from '../text.js'
import {
  describePass,
  findOnePass,
  nameAndAddress,
  showsUuids,
  whereMatching,
  type DescribedPass,
  type PassState,
} from './pass.js'
import { visitLogOf } from '../../visitor/visits/visitor-log.js'

/** Flags of `visitors`. */
interface ListPassesOptions {
  readonly scope?: string
  readonly email?: string
  readonly all?: boolean
  readonly limit: number
  readonly after?: number
}

/** Flags of `visits`. */
interface ListVisitsOptions {
  readonly limit: number
}

/** Lists the passes, the newest first. */
export async function listPasses(
  configuration: Configuration,
  output: Output,
  options: ListPassesOptions,
): Promise<ExitCode> {
  const Passes = requireVisitor(configuration)
  const { all, limit, after } = options
  const conditions = [
    ...whereMatching(Passes, options),
    ...(all === true ? [] : [isOpen(Passes)]),
    ...(after === undefined ? [] : [{ id: { [Op.lt]: after } }]),
  ]
  const where = { [Op.and]: conditions } as WhereOptions<Visitor>
  const found = await Passes.findAll({ where, order: [['id', 'DESC']], limit: limit + 1 })
  const passes = found.slice(0, limit).map((pass) => describePass(Passes, pass))
  const hasMore = found.length > limit
  if (output.isJson) output.document({ passes, hasMore })
  else if (passes.length === 0) output.print('No passes.')
  else printPasses(output, passes, showsUuids(Passes))
  if (hasMore) output.note(`There are more: --after ${String(passes.at(-1)?.id)} continues.`)
  return ExitCode.DONE
}

/** Lists the visits of one pass, the newest first. */
export async function listVisits(
  configuration: Configuration,
  output: Output,
  name: string,
  { limit }: ListVisitsOptions,
): Promise<ExitCode> {
  const Passes = requireVisitor(configuration)
  const pass = await findOnePass(Passes, { pass: name })
  const found = await visitLogOf(Passes).findAll({
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
  } else printVisits(output, pass, visits)
  if (hasMore) output.note(`There are more: --limit ${String(limit * 10)} shows them.`)
  return ExitCode.DONE
}

/** The condition for passes whose `invalidity()` is `undefined`. */
function isOpen(Passes: typeof Visitor): object {
  return {
    isActive: true,
    expiresAt: { [Op.gt]: new Date() },
    maxUses: { [Op.or]: [null, { [Op.gt]: { [Op.col]: fieldOf(Passes, 'uses') } }] },
  }
}

function printPasses(output: Output, passes: readonly DescribedPass[], hasUuids: boolean): void {
  const columns: Column[] = [
    { heading: 'id', align: 'right' },
    ...(hasUuids ? [{ heading: 'uuid' }] : []),
    { heading: 'visitor' },
    { heading: 'scope' },
    { heading: 'uses', align: 'right' },
    { heading: 'expires (UTC)' },
    { heading: 'state' },
  ]
  const rows = passes.map((pass) => [
    String(pass.id),
    ...(hasUuids ? [pass.uuid ?? ''] : []),
    nameAndAddress({ fullName: pass.name, email: pass.email }),
    pass.scope,
    pass.maxUses === null ? grouped(pass.uses) : `${grouped(pass.uses)}/${grouped(pass.maxUses)}`,
    minute(pass.expiresAt),
    pass.state,
  ])
  const visitor = hasUuids ? 2 : 1
  output.table(
    fitTable(columns, rows, { width: output.room, clips: [visitor, visitor + 1] }),
    (line, place) => paintState(output, line, passes[place]?.state),
  )
}

/** Colours the state, which is the end of the line. */
function paintState(output: Output, line: string, state: PassState = 'open'): string {
  return line.slice(0, -state.length) + output.paint(state === 'open' ? 'green' : 'dim', state)
}

function describeVisit(visit: VisitorLog): object {
  const { createdAt, outcome, method, path, status, ip, userAgent, referrer } = visit
  return { createdAt, outcome, method, path, status, ip, userAgent, referrer }
}

function printVisits(output: Output, pass: Visitor, visits: readonly VisitorLog[]): void {
  const { id, scope } = pass
  const state = pass.invalidity() ?? 'open'
  output.print(printable(`Pass ${String(id)}: ${nameAndAddress(pass)}, ${scope}, ${state}`), '')
  if (visits.length === 0) {
    output.print('No visits.')
    return
  }
  const columns: Column[] = [
    { heading: 'when (UTC)' },
    { heading: 'outcome' },
    { heading: 'status', align: 'right' },
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
  output.table(fitTable(columns, rows, { width: output.room, clips: [3, 5] }))
}
