import type { Command } from 'commander'
import { filled, json, seconds, visitSeconds, webAddress, wholeNumber } from '../arguments.js'
import type { Run } from '../configuration.js'

/**
 * Defines `invite`, `reissue`, `revoke`, `reactivate`, `visitors` and `visits`. The code of a command is loaded when it
 * runs, so that help needs neither the models nor Sequelize.
 */
export function definePassCommands(program: Command, run: Run): void {
  program
    .command('invite')
    .description('Create a visitor pass, and print its link. Nothing is sent.')
    .requiredOption('--email <address>', 'the e-mail address of the visitor')
    .requiredOption('--scope <scope>', 'the scope that your ensureVisitor(scope) admits')
    .requiredOption('--url <address>', 'the page that the link leads to', webAddress)
    .option('--first-name <name>', 'the first name of the visitor')
    .option('--last-name <name>', 'the last name of the visitor')
    .option('--context <json>', 'what your application stores with the pass', json)
    .option('--max-uses <count>', 'how often the link can be used (default: no limit)', wholeNumber())
    .option('--expires-in <duration>', "how long it can be used (default: the model's tokenExpiry)", seconds)
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
  $ passport-ephemeral invite --email ginger@example.com --scope PREVIEW \\
      --url https://example.com/preview --expires-in 7d --max-uses 1 \\
      --context '{"page":3}'`,
    )
    .action(run(async () => (await import('../passes/issue.js')).invite))

  selecting(program.command('reissue'))
    .description('Give a pass a fresh link, and print it once. The old link and its visits end.')
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

  selecting(program.command('revoke'))
    .description('Deactivate passes: their links, and the visits that began by them.')
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

  selecting(program.command('reactivate'))
    .description('Open revoked or expired passes again, with the same links.')
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
    .description('List the visitor passes whose links are open, the newest first.')
    .option('--scope <scope>', 'passes with this scope')
    .option('--email <address>', 'passes of this address, in any letter case')
    .option('--all', 'also passes that are expired, deactivated or used up')
    .option('--limit <count>', 'how many at most', wholeNumber(), 50)
    .option('--after <id>', 'continue after this pass', wholeNumber())
    .addHelpText(
      'after',
      `
Where links carry bare UUIDs no uuid is shown: it would be a token.

Examples:
  $ passport-ephemeral visitors --scope REFERENCE_REQUEST
  $ passport-ephemeral visitors --email ginger@example.com --all --json`,
    )
    .action(run(async () => (await import('../passes/list.js')).listPasses))

  program
    .command('visits')
    .description('List the requests made with one pass, admitted or refused, the newest first.')
    .argument('<pass>', 'uuid or id of the pass')
    .option('--limit <count>', 'how many at most', wholeNumber(), 50)
    .addHelpText(
      'after',
      `
Exits with 1 if there is no such pass.

Examples:
  $ passport-ephemeral visits 17
  $ passport-ephemeral visits 2f8a0f0e-6f0c-4d0c-9a57-6f8f1d1f3b5e --limit 500 --json`,
    )
    .action(run(async () => (await import('../passes/list.js')).listVisits))
}

/** A command that works on one pass, or on those of an address. */
function selecting(command: Command): Command {
  return command
    .argument('[pass]', 'uuid or id of the pass')
    .option('--email <address>', 'passes of this address, in any letter case', filled)
    .option('--scope <scope>', 'of those, passes with this scope')
}
