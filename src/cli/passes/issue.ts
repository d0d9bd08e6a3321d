import { ValidationError, type ValidationErrorItem } from 'sequelize'
import type { Visitor } from '../../visitor/visitor.js'
import { requireModel, type Configuration } from '../configuration.js'
import { ExitCode, UsageError } from '../failure.js'
import type { Output } from '../output.js'
import { describePass, findOnePass, type PassSelection } from './pass.js'

/** Flags of `invite`. */
interface InviteOptions {
  readonly email: string
  readonly scope: string
  readonly url: string
  readonly firstName?: string
  readonly lastName?: string
  readonly context?: unknown
  readonly maxUses?: number
  readonly expiresIn?: number
  readonly sessionExpiry?: number | 'host'
}

/** Flags of `reissue`. */
interface ReissueOptions extends Omit<PassSelection, 'pass'> {
  readonly url: string
  readonly expiresIn?: number
}

/** Creates a pass, and prints its link. */
export async function invite(
  configuration: Configuration,
  output: Output,
  options: InviteOptions,
): Promise<ExitCode> {
  const Passes = requireModel(configuration, 'Visitor')
  return printLink(output, Passes, await create(Passes, options), options.url)
}

/** Replaces the link of a pass, and prints the new one. */
export async function reissue(
  configuration: Configuration,
  output: Output,
  name: string | undefined,
  { url, expiresIn, ...selection }: ReissueOptions,
): Promise<ExitCode> {
  const Passes = requireModel(configuration, 'Visitor')
  const pass = await findOnePass(Passes, { ...selection, pass: name })
  await pass.reissue(expiresIn)
  return printLink(output, Passes, pass, url)
}

async function create(Passes: typeof Visitor, options: InviteOptions): Promise<Visitor> {
  const { email, scope, firstName, lastName, context = null, maxUses, expiresIn, sessionExpiry } = options
  try {
    return await Passes.create({
      email,
      scope,
      context,
      ...(firstName !== undefined && { firstName }),
      ...(lastName !== undefined && { lastName }),
      ...(maxUses !== undefined && { maxUses }),
      ...(expiresIn !== undefined && { expiresAt: new Date(Date.now() + expiresIn * 1000) }),
      ...(sessionExpiry !== undefined && { sessionExpiry: sessionExpiry === 'host' ? null : sessionExpiry }),
    })
  } catch (error) {
    if (error instanceof ValidationError) throw new UsageError(error.errors.map(explainItem).join('; '))
    throw error
  }
}

/** By the name of the option, instead of the validator's. */
function explainItem({ path, value, validatorKey, message }: ValidationErrorItem): string {
  const flag = `--${(path ?? '').replace(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`)}`
  if (validatorKey === 'isEmail') return `--email: '${String(value)}' is not an e-mail address`
  return `${flag}: ${message}`
}

function printLink(output: Output, Passes: typeof Visitor, pass: Visitor, url: string): ExitCode {
  const link = pass.tokenise(url)
  if (canBeOverheard(url)) {
    output.note('Warning: the link begins with http://, so it can be read and used on its way.')
  }
  if (output.isJson) output.document({ link, pass: describePass(Passes, pass) })
  else output.print(link)
  return ExitCode.DONE
}

/** Requests to the machine itself are not sent over a network. */
function canBeOverheard(url: string): boolean {
  const { protocol, hostname } = new URL(url)
  return protocol === 'http:' && !/^(localhost|.*\.localhost|127\.\d+\.\d+\.\d+|\[::1\])$/.test(hostname)
}
