import type { Command } from 'commander'
import { ValidationError, type ValidationErrorItem } from 'sequelize'
import type { Visitor } from '../../visitor/visitor.js'
import { json, positive, seconds, visitSeconds, webAddress } from '../arguments.js'
import { ExitCode } from '../exit-code.js'
import { passesOf } from '../models.js'
import type { Perform } from '../perform.js'
import { describePass } from '../passes/describe-pass.js'
import { UsageError } from '../usage-error.js'

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

const AFTER_HELP = `
The link is all that stdout gets, so that it can be piped. Whoever holds it is
let in: treat it as a password.

Examples:
  $ passport-ephemeral invite --email ginger@example.com --scope REFERENCE_REQUEST \\
      --url https://example.com/reference --first-name Ginger
  $ passport-ephemeral invite --email ginger@example.com --scope PREVIEW \\
      --url https://example.com/preview --expires-in 7d --max-uses 1 \\
      --context '{"page":3}'`

/** `invite`: makes a pass, and prints its link. */
export function defineInvite(program: Command, perform: Perform): void {
  program
    .command('invite')
    .summary('make a visitor pass, and print its link')
    .description('Makes a visitor pass, and prints the link that its holder follows. Sends nothing.')
    .requiredOption('--email <address>', 'who is invited')
    .requiredOption('--scope <scope>', 'why: what your ensureVisitor(scope) asks for')
    .requiredOption('--url <address>', 'the page that the link leads to', webAddress)
    .option('--first-name <name>', 'their first name')
    .option('--last-name <name>', 'their last name')
    .option('--context <json>', 'what your application wants to remember with it', json)
    .option('--max-uses <count>', 'how often the link can be used (default: any number of times)', positive)
    .option(
      '--expires-in <duration>',
      "how long it can be used: 3d, 12h (default: the model's tokenExpiry)",
      seconds,
    )
    .option(
      '--session-expiry <duration>',
      "how long a visit lasts; 0: until the browser closes; host: as your own sessions (default: the model's)",
      visitSeconds,
    )
    .addHelpText('after', AFTER_HELP)
    .action((options: InviteOptions) =>
      perform(async (configuration, output) => {
        const Passes = passesOf(configuration)
        if (!configuration.hasSecret) {
          throw new UsageError(
            'A link cannot be signed without the secret of your application: set VISITOR_SECRET',
          )
        }
        const pass = await create(Passes, options)
        const link = pass.tokenise(options.url)
        if (isOverheard(options.url)) {
          output.note(
            'Warning: the link begins with http://, so that whoever is on the way can read and use it.',
          )
        }
        if (output.isJson) output.document({ link, pass: describePass(Passes, pass) })
        else output.print(link)
        return ExitCode.DONE
      }),
    )
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
    if (error instanceof ValidationError) throw new UsageError(error.errors.map(inWords).join('; '))
    throw error
  }
}

/** By the name of the option, and not of the validator. */
function inWords({ path, value, validatorKey, message }: ValidationErrorItem): string {
  const flag = `--${(path ?? '').replace(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`)}`
  if (validatorKey === 'isEmail') return `--email: '${String(value)}' is not an e-mail address`
  return `${flag}: ${message}`
}

/** A machine's own name for itself is on no way. */
function isOverheard(url: string): boolean {
  const { protocol, hostname } = new URL(url)
  return protocol === 'http:' && !/^(localhost|.*\.localhost|127\.\d+\.\d+\.\d+|\[::1\])$/.test(hostname)
}
