import type { Command } from 'commander'
import { Op, type WhereOptions } from 'sequelize'
import type { Visitor } from '../../visitor/visitor.js'
import { ExitCode } from '../exit-code.js'
import { passesOf } from '../models.js'
import { passNamed } from '../passes/find-pass.js'
import { ofAddress } from '../passes/of-address.js'
import type { Perform } from '../perform.js'
import { counted } from '../text/counted.js'
import { UsageError } from '../usage-error.js'

interface RevokeOptions {
  readonly email?: string
  readonly scope?: string
}

const AFTER_HELP = `
Links and visits end with the next request. To do it again does no harm. Exits
with 1 if no pass matches.

Examples:
  $ passport-ephemeral revoke 2f8a0f0e-6f0c-4d0c-9a57-6f8f1d1f3b5e
  $ passport-ephemeral revoke --email ginger@example.com --scope PREVIEW`

/** `revoke`: deactivates one pass, or those of an address. */
export function defineRevoke(program: Command, perform: Perform): void {
  program
    .command('revoke')
    .summary('close passes: their links, and the visits that began by them')
    .description('Closes one pass, or every pass of an e-mail address: links, and visits that have begun.')
    .argument('[pass]', 'uuid or id of a pass')
    .option('--email <address>', 'every pass of this address, in capitals or not')
    .option('--scope <scope>', 'of those, the ones with this scope')
    .addHelpText('after', AFTER_HELP)
    .action((pass: string | undefined, options: RevokeOptions) => {
      checkUsage(pass, options)
      return perform(async (configuration, output) => {
        const Passes = passesOf(configuration)
        const { matched, revoked } = await revoke(Passes, meant(Passes, pass, options))
        if (output.isJson) output.document({ matched, revoked })
        else output.print(sentence(matched, revoked))
        return matched === 0 ? ExitCode.PROBLEM : ExitCode.DONE
      })
    })
}

function checkUsage(pass: string | undefined, { email, scope }: RevokeOptions): void {
  if (pass === undefined ? email === undefined : email !== undefined || scope !== undefined) {
    throw new UsageError(
      'Say which: revoke <uuid or id>, or revoke --email <address>, with --scope if you like',
    )
  }
  if (email === '') throw new UsageError('--email must not be empty')
}

function meant(
  Passes: typeof Visitor,
  pass: string | undefined,
  { email = '', scope }: RevokeOptions,
): WhereOptions<Visitor> {
  if (pass !== undefined) return passNamed(pass)
  return { [Op.and]: [ofAddress(Passes, email), ...(scope === undefined ? [] : [{ scope }])] }
}

/** In one statement, so that nothing gets past it; as `deactivate()` does it. */
async function revoke(
  Passes: typeof Visitor,
  where: WhereOptions<Visitor>,
): Promise<{ matched: number; revoked: number }> {
  const [revoked] = await Passes.update(
    { isActive: false, confirmedBy: null },
    { where: { [Op.and]: [where, { isActive: true }] } },
  )
  return { matched: await Passes.count({ where }), revoked }
}

function sentence(matched: number, revoked: number): string {
  if (matched === 0) return 'No pass matches.'
  const closed = matched - revoked
  const before = closed === 0 ? '' : `; ${counted(closed, 'pass', 'passes')} had been closed before`
  return `${counted(revoked, 'pass', 'passes')} closed${before}.`
}
