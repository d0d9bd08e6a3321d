import { Op, type WhereOptions } from 'sequelize'
import { inState } from '../../visitor/pass-conditions.js'
import type { Visitor } from '../../visitor/visitor.js'
import { visitLogOf, type VisitorLog } from '../../visitor/visits/visitor-log.js'
import { requireModel, type Configuration } from '../configuration.js'
import { ExitCode } from '../failure.js'
import type { Output } from '../output.js'
import type { Column } from '../table.js'
import { grouped, minute, printable, second } from '../text.js'
import {
  describePass,
  findOnePass,
  nameAndAddress,
  showsUuids,
  whereMatching,
  type DescribedPass,
} from './pass.js'

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

type DescribedVisit = ReturnType<typeof describeVisit>

const VISIT_COLUMNS: readonly Column<DescribedVisit>[] = [
  { heading: 'when (UTC)', text: ({ createdAt }) => second(createdAt) },
  { heading: 'outcome', text: ({ outcome }) => outcome },
  { heading: 'status', align: 'right', text: ({ status }) => String(status) },
  { heading: 'request', text: ({ method, path }) => `${method} ${path}` },
  { heading: 'address', text: ({ ip }) => ip },
  { heading: 'browser', text: ({ userAgent }) => userAgent },
]

/** Lists the passes, the newest first. */
export async function listPasses(
  configuration: Configuration,
  output: Output,
  options: ListPassesOptions,
): Promise<ExitCode> {
  const Passes = requireModel(configuration, 'Visitor')
  const { all, limit, after } = options
  const conditions = [
    await whereMatching(Passes, options),
    ...(all === true ? [] : [inState(Passes, 'open')]),
    ...(after === undefined ? [] : [{ id: { [Op.lt]: after } }]),
  ]
  const where = { [Op.and]: conditions } as WhereOptions<Visitor>
  const found = await Passes.findAll({ where, order: [['id', 'DESC']], limit: limit + 1 })
  output.page({
    name: 'passes',
    found: found.map((pass) => describePass(Passes, pass)),
    limit,
    columns: passColumns(Passes),
    next: ({ id }) => `--after ${String(id)} continues`,
  })
  return ExitCode.DONE
}

/** Lists the visits of one pass, the newest first. */
export async function listVisits(
  configuration: Configuration,
  output: Output,
  name: string,
  { limit }: ListVisitsOptions,
): Promise<ExitCode> {
  const Passes = requireModel(configuration, 'Visitor')
  const pass = await findOnePass(Passes, { pass: name })
  const found = await visitLogOf(Passes).findAll({
    where: { visitorId: pass.id },
    order: [
      ['createdAt', 'DESC'],
      ['id', 'DESC'],
    ],
    limit: limit + 1,
  })
  const described = describePass(Passes, pass)
  const { id, scope, state } = described
  if (!output.isJson) {
    output.print(printable(`Pass ${String(id)}: ${nameAndAddress(described)}, ${scope}, ${state}`), '')
  }
  output.page(
    {
      name: 'visits',
      found: found.map(describeVisit),
      limit,
      columns: VISIT_COLUMNS,
      next: () => `--limit ${String(limit * 10)} shows them`,
    },
    { pass: described },
  )
  return ExitCode.DONE
}

function passColumns(Passes: typeof Visitor): Column<DescribedPass>[] {
  return [
    { heading: 'id', align: 'right', text: ({ id }) => String(id) },
    ...(showsUuids(Passes) ? [{ heading: 'uuid', text: ({ uuid }: DescribedPass) => uuid ?? '' }] : []),
    { heading: 'visitor', text: nameAndAddress },
    { heading: 'scope', text: ({ scope }) => scope },
    {
      heading: 'uses',
      align: 'right',
      text: ({ uses, maxUses }) => grouped(uses) + (maxUses === null ? '' : `/${grouped(maxUses)}`),
    },
    { heading: 'expires (UTC)', text: ({ expiresAt }) => minute(expiresAt) },
    { heading: 'state', text: ({ state }) => state },
  ]
}

function describeVisit(visit: VisitorLog) {
  const { createdAt, outcome, method, path, status, ip, userAgent, referrer } = visit
  return { createdAt, outcome, method, path, status, ip, userAgent, referrer }
}
