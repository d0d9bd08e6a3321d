import { Option, type Command } from 'commander'
import { filled, seconds, secondsOrForever, wholeNumber } from '../arguments.js'
import type { Run } from '../configuration.js'

/**
 * Defines `migrate`, `cleanup`, `guests`, `export`, `forget`, `stats` and `doctor`. The code of a command is loaded when it runs, so that
 * help needs neither the models nor Sequelize.
 */
export function defineUpkeepCommands(program: Command, run: Run): void {
  program
    .command('migrate')
    .description('Run the migrations that have not run yet. Needs umzug: npm install umzug.')
    .option('--to <name>', 'stop after this migration; with --down, revert down to it, including it')
    .option('--down', 'revert the last migration: its tables are dropped')
    .option('--yes', 'with --down: drop tables that are not empty')
    .option('--status', 'list which have run and which have not, and change nothing')
    .addHelpText(
      'after',
      `
The table passport_ephemeral_migrations lists what has run. On PostgreSQL, MySQL
and MariaDB, any number of processes may run this at once: one migrates, the
others wait and find it done. SQLite has no such lock: start one.

Examples:
  $ passport-ephemeral migrate --status
  $ passport-ephemeral migrate --down --to passport-ephemeral-0002-guests`,
    )
    .action(run(async () => (await import('../migrate/run.js')).migrate))

  program
    .command('cleanup')
    .description('Delete expired guests with everything of theirs, old passes and old visits.')
    .option('--dry-run', 'count what would be deleted, and delete nothing')
    .addOption(new Option('--only <half>', 'leave the other half alone').choices(['guests', 'visitors']))
    .option('--max-age <duration>', "how long guests live (default: the model's maxAge)", seconds)
    .option('--keep-passes <duration>', 'from when they expired; or forever (default: 30d)', secondsOrForever)
    .option(
      '--keep-visits <duration>',
      'from when they were made; or forever (default: 90d)',
      secondsOrForever,
    )
    .option('--time-budget <duration>', 'begin no batch after this long (default: no limit)', seconds)
    .addHelpText(
      'after',
      `
Durations are 90s, 12h, 3d, or a number of seconds. Any number of these may run
at once, and they share the work (on SQLite one after the other). SIGINT and
SIGTERM end it after the current batch, with its counts and exit code 1; the
next run goes on. It also exits with 1 if guests could not be deleted.
More options are the configuration's:
export const cleanup = { keep, batchSize, … }

Examples:
  $ passport-ephemeral cleanup --dry-run
  $ passport-ephemeral cleanup --time-budget 10m --keep-visits forever`,
    )
    .action(run(async () => (await import('../cleanup.js')).runCleanup))

  program
    .command('guests')
    .description('List the guests in the order of the users’ primary key.')
    .option('--username <start>', 'guests whose username begins with this, in any letter case', filled)
    .option('--limit <count>', 'how many at most', wholeNumber(), 50)
    .option('--after <id>', 'continue after this guest', filled)
    .addHelpText(
      'after',
      `
Examples:
  $ passport-ephemeral guests --username guest
  $ passport-ephemeral guests --limit 1000 --after 4711 --json`,
    )
    .action(run(async () => (await import('../guests.js')).listGuests))

  program
    .command('export')
    .description('Print what is stored about an e-mail address, as JSON.')
    .requiredOption('--email <address>', 'the address, in any letter case', filled)
    .addHelpText(
      'after',
      `
For a request for access (GDPR, article 15). Exits with 1 if nothing is stored.

Examples:
  $ passport-ephemeral export --email ginger@example.com > ginger.json`,
    )
    .action(run(async () => (await import('../person.js')).exportPerson))

  program
    .command('forget')
    .description('Delete the passes, visits and pending conversions of an e-mail address.')
    .requiredOption('--email <address>', 'the address, in any letter case', filled)
    .addHelpText(
      'after',
      `
For a request for erasure (GDPR, article 17); there is no way back. A pass that a
table of yours refers to is deactivated instead. Exits with 1 then, and if nothing
is stored.

Examples:
  $ passport-ephemeral forget --email ginger@example.com`,
    )
    .action(run(async () => (await import('../person.js')).forgetPerson))

  program
    .command('stats')
    .description('Count what happened to guests and passes, day by day.')
    .option('--days <count>', 'how many days, today the last', wholeNumber(1000), 30)
    .addHelpText(
      'after',
      `
Days are in UTC. The rate is the part of the guests created on that day that are
regular users by now. Suspected shared counts the passes issued on that day.

Examples:
  $ passport-ephemeral stats --days 7 --json`,
    )
    .action(run(async () => (await import('../stats.js')).printStats))

  program
    .command('doctor')
    .description('Find what is set up wrongly in the database and the application. Reads only.')
    .option('--production', 'judge as in production (default: if NODE_ENV is production)')
    .option('--no-production', 'judge as on a developer’s machine')
    .addHelpText(
      'after',
      `
Exits with 1 if there is an error; warnings and notes alone are 0.

Examples:
  $ passport-ephemeral doctor --production
  $ passport-ephemeral doctor --json`,
    )
    .action(run(async () => (await import('../doctor.js')).doctor))
}
