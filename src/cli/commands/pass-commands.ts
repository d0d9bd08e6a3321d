import type { Command } from 'commander'
import { filled, json, positive, seconds, visitSeconds, webAddress } from '../arguments.js'
import type { Run } from '../configuration.js'

const EMAIL = 'passes of this address, in any letter case'
const SCOPE = 'of those, passes with this scope'

/**
 * Defines `invite`, `reissue`, `revoke`, `reactivate`, `visitors` and `visits`. The code of a command is loaded when it
 * runs, so that help needs neither the models nor Sequelize.
 */
export function definePassCommands(program: Command, run: Run): void {
  program
    .command('invite')
    .summary('create a visitor pass, and print its link')
    .description('Creates a visitor pass, and prints the link for the visitor. Sends nothing.')
    .requiredOption('--email <address>', 'the e-mail address of the visitor')
    .requiredOption('--scope <scope>', 'the scope that your ensureVisitor(scope) admits')
    .requiredOption('--url <address>', 'the page that the link leads to', webAddress)
    .option('--first-name <name>', 'the first name of the visitor')
    .option('--last-name <name>', 'the last name of the visitor')
    .option('--context <json>', 'what your application stores with the pass', json)
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
    .addHelpText(
      'after',
      `
Stdout gets the link and nothing else, so that it can be piped. The link admits
every client that has it: treat it as a password.

Examples:
  $ passport-ephemeral invite --email ginger@example.com --scope REFERENCE_REQUEST \\
      --url https://example.com/reference --first-name Ginger
  $ passport-ephemeral invite --email ginger@example.com --scope PREVIEW \\
      --url https://example.com/preview --expires-in 7d --max-uses 1 \\
      --context '{"page":3}'`,
    )
    .action(run(async () => (await import('../passes/issue.js')).invite))

  program
    .command('reissue')
    .summary('replace the link of a pass, and print the new one')
    .description('Gives one pass a fresh link, and prints it once. The old link and its visits end.')
    .argument('[pass]', 'uuid or id of the pass')
    .option('--email <address>', EMAIL, filled)
    .option('--scope <scope>', SCOPE)
    .requiredOption('--url <address>', 'the page that the link leads to', webAddress)
    .option('--expires-in <duration>', "how long it can be used (default: the model's tokenExpiry)", seconds)
    .addHelpText(
      'after',
      `
The pass can be expired, revoked or used up: it is open again, and its uses are
counted from 0. With --email, exactly one pass must match.

Examples:
  $ passport-ephemeral reissue 17 --url https://example.com/reference
  $ passport-ephemeral reissue --email ginger@example.com --scope PREVIEW \\
      --url https://example.com/preview --expires-in 7d`,
    )
    .action(run(async () => (await import('../passes/issue.js')).reissue))

  program
    .command('revoke')
    .summary('deactivate passes: their links, and the visits that began by them')
    .description(
      'Deactivates one pass, or every pass of an e-mail address: links, and visits that have begun.',
    )
    .argument('[pass]', 'uuid or id of a pass')
    .option('--email <address>', EMAIL, filled)
    .option('--scope <scope>', SCOPE)
    .addHelpText(
      'after',
      `
Links and visits end with the next request. The command can be repeated. Exits
with 1 if no pass matches.

Examples:
  $ passport-ephemeral revoke 2f8a0f0e-6f0c-4d0c-9a57-6f8f1d1f3b5e
  $ passport-ephemeral revoke --email ginger@example.com --scope PREVIEW`,
    )
    .action(run(async () => (await import('../passes/revoke.js')).revoke))

  program
    .command('reactivate')
    .summary('open the links of passes again')
    .description('Opens the links of revoked or expired passes again. The links stay the same.')
    .argument('[pass]', 'uuid or id of a pass')
    .option('--email <address>', EMAIL, filled)
    .option('--scope <scope>', SCOPE)
    .option('--expires-in <duration>', "how long from now (default: the model's tokenExpiry)", seconds)
    .addHelpText(
      'after',
      `
Uses stay counted: a pass that is used up needs reissue. Exits with 1 if no pass
matches.

Examples:
  $ passport-ephemeral reactivate 17 --expires-in 7d
  $ passport-ephemeral reactivate --email ginger@example.com --scope PREVIEW`,
    )
    .action(run(async () => (await import('../passes/revoke.js')).reactivate))

  program
    .command('visitors')
    .summary('list the visitor passes')
    .description('Lists the visitor passes whose links are open, or all of them.')
    .option('--scope <scope>', 'passes with this scope')
    .option('--email <address>', EMAIL)
    .option('--all', 'also passes that are expired, deactivated or used up')
    .option('--limit <count>', 'how many at most', positive, 50)
    .option('--after <id>', 'continue after this pass', positive)
    .addHelpText(
      'after',
      `
The newest first. Where links carry bare UUIDs no uuid is shown: it would be a
token.

Examples:
  $ passport-ephemeral visitors --scope REFERENCE_REQUEST
  $ passport-ephemeral visitors --email ginger@example.com --all --json`,
    )
    .action(run(async () => (await import('../passes/list.js')).listPasses))

  program
    .command('visits')
    .summary('list the visits of one pass')
    .description('Lists the requests that were made with one pass, admitted or refused.')
    .argument('<pass>', 'uuid or id of the pass')
    .option('--limit <count>', 'how many at most', positive, 50)
    .addHelpText(
      'after',
      `
The newest first. Exits with 1 if there is no such pass.

Examples:
  $ passport-ephemeral visits 17
  $ passport-ephemeral visits 2f8a0f0e-6f0c-4d0c-9a57-6f8f1d1f3b5e --limit 500 --json`,
    )
    .action(run(async () => (await import('../passes/list.js')).listVisits))
}
