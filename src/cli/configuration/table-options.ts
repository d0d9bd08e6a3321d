import { Option } from 'commander'

interface TableOption {
  readonly flags: string
  readonly description: string
  readonly choices?: readonly string[]
}

const OPTIONS: readonly TableOption[] = [
  { flags: '--users-table <name>', description: 'the users (default: Users or users, if there is one)' },
  { flags: '--username-field <name>', description: 'its column with the username (default: username)' },
  { flags: '--guests-table <name>', description: 'the guests (default: Guests or guests)' },
  { flags: '--pending-conversions-table <name>', description: 'what guests ask to become' },
  { flags: '--outcomes-table <name>', description: 'how guests ended' },
  { flags: '--visitors-table <name>', description: 'the passes (default: Visitors or visitors)' },
  { flags: '--visits-table <name>', description: 'their visits' },
  { flags: '--schema <name>', description: 'the database schema of all of them' },
  {
    flags: '--underscored',
    description: 'tables and columns are in snake case (default: as the tables that are there)',
  },
  { flags: '--no-underscored', description: 'they are not' },
  {
    flags: '--without <half>',
    description: 'what the application does not use',
    choices: ['guests', 'visitors'],
  },
]

/** The flag of each option that names something in the database. */
export const tableFlags: ReadonlyMap<string, string> = new Map(
  OPTIONS.map(({ flags, description }) => {
    const option = new Option(flags, description)
    return [option.attributeName(), option.long ?? flags]
  }),
)

/** The options of a configuration that is nothing but an environment; each is also a variable of it. */
export function makeTableOptions(): Option[] {
  return OPTIONS.map(({ flags, description, choices }) => {
    const option = new Option(flags, description).helpGroup(
      'With DATABASE_URL alone (each also as a variable: PASSPORT_EPHEMERAL_USERS_TABLE, …):',
    )
    return choices === undefined ? option : option.choices(choices)
  })
}

/** The variable of an option: `usersTable` is `PASSPORT_EPHEMERAL_USERS_TABLE`. */
export function variableOf(option: string): string {
  return `PASSPORT_EPHEMERAL_${option.replace(/[A-Z]/g, '_$&').toUpperCase()}`
}
