import { forget } from '../privacy/forget.js'
import { personalData } from '../privacy/personal-data.js'
import { requireModels, type Configuration } from './configuration.js'
import { judgeEmail } from '../pages/typed-text.js'
import { ExitCode, UsageError } from './failure.js'
import type { Output } from './output.js'
import { counted, printable } from './text.js'

/** Flags of `export` and `forget`. */
interface PersonFlags {
  readonly email: string
}

/** Prints what is stored about an address. It is a JSON document for people as well: they hand it on. */
export async function exportPerson(
  configuration: Configuration,
  output: Output,
  { email }: PersonFlags,
): Promise<ExitCode> {
  requireAddress(email)
  const data = await personalData(requireModels(configuration), { email })
  output.document(data)
  return data.passes.length + data.pendingConversions.length === 0 ? ExitCode.PROBLEM : ExitCode.DONE
}

/** Deletes what is stored about an address, in one transaction. */
export async function forgetPerson(
  configuration: Configuration,
  output: Output,
  { email }: PersonFlags,
): Promise<ExitCode> {
  requireAddress(email)
  const forgotten = await forget(requireModels(configuration), { email })
  const { passes, visits, pendingConversions, notDeleted } = forgotten
  if (output.isJson) output.document(forgotten)
  else {
    const deleted = [
      counted(passes, 'pass', 'passes'),
      counted(visits, 'visit', 'visits'),
      counted(pendingConversions, 'pending conversion', 'pending conversions'),
    ]
    output.print(`Deleted: ${deleted.join(', ')}.`)
    for (const { pass, reason } of notDeleted)
      output.print(printable(`Pass ${String(pass)} is deactivated, and not deleted: ${reason}`))
  }
  const isNothing = passes + visits + pendingConversions + notDeleted.length === 0
  return isNothing || notDeleted.length > 0 ? ExitCode.PROBLEM : ExitCode.DONE
}

/** @throws {UsageError} if it is no address */
function requireAddress(email: string): void {
  if (judgeEmail(email).value === undefined) throw new UsageError('--email must be an e-mail address')
}
