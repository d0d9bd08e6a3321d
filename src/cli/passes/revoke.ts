import { col, Op, type WhereOptions } from 'sequelize'
import { columnNameOf } from '../../database/columns.js'
import { visitorSettings, type Visitor } from '../../visitor/visitor.js'
import { requireModel, type Configuration } from '../configuration.js'
import { ExitCode } from '../failure.js'
import type { Output } from '../output.js'
import { counted, minute } from '../text.js'
import { whereSelected, type PassSelection } from './pass.js'

/** Flags of `revoke`. */
type RevokeOptions = Omit<PassSelection, 'pass'>

/** Flags of `reactivate`. */
interface ReactivateOptions extends RevokeOptions {
  readonly expiresIn?: number
}

/** Deactivates the selected passes, as `deactivate()` does, by one statement. */
export async function revoke(
  configuration: Configuration,
  output: Output,
  pass: string | undefined,
  options: RevokeOptions,
): Promise<ExitCode> {
  const Passes = requireModel(configuration, 'Visitor')
  const where = await whereSelected(Passes, { ...options, pass })
  const [revoked] = await Passes.update(
    { isActive: false, confirmedBy: null },
    { where: { [Op.and]: [where, { isActive: true }] } },
  )
  const matched = await Passes.count({ where })
  const before = matched - revoked
  if (output.isJson) output.document({ matched, revoked })
  else if (matched === 0) output.print('No pass matches.')
  else {
    const rest = before === 0 ? '' : `; ${passes(before)} had been revoked before`
    output.print(`${passes(revoked)} revoked${rest}.`)
  }
  return matched === 0 ? ExitCode.PROBLEM : ExitCode.DONE
}

/** Opens the links of the selected passes again, as `reactivate()` does, by one statement. */
export async function reactivate(
  configuration: Configuration,
  output: Output,
  pass: string | undefined,
  { expiresIn, ...options }: ReactivateOptions,
): Promise<ExitCode> {
  const Passes = requireModel(configuration, 'Visitor')
  const where = await whereSelected(Passes, { ...options, pass })
  const seconds = expiresIn ?? Passes[visitorSettings].tokenExpiry
  const expiresAt = new Date(Date.now() + seconds * 1000)
  await Passes.update({ isActive: true, expiresAt }, { where })
  const matched = await Passes.count({ where })
  const usedUp = await Passes.count({
    where: { [Op.and]: [where, isUsedUp(Passes)] } as WhereOptions<Visitor>,
  })
  if (output.isJson) output.document({ matched, reactivated: matched - usedUp, usedUp, expiresAt })
  else if (matched === 0) output.print('No pass matches.')
  else {
    output.print(`${passes(matched - usedUp)} open until ${minute(expiresAt)} UTC.`)
    if (usedUp > 0) output.print(`${passes(usedUp)} used up: passport-ephemeral reissue makes a fresh link.`)
  }
  return matched === 0 ? ExitCode.PROBLEM : ExitCode.DONE
}

function isUsedUp(Passes: typeof Visitor): WhereOptions<Visitor> {
  return { uses: { [Op.gte]: col(columnNameOf(Passes, 'maxUses')) } }
}

function passes(count: number): string {
  return counted(count, 'pass', 'passes')
}
