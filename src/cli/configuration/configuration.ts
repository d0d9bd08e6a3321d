import type { Application } from 'express'
import type { Sequelize } from 'sequelize'
import type { CleanupOptions } from '../../cleanup/options.js'
import type { GuestModel } from '../../guest/guest.js'
import type { Visitor } from '../../visitor/visitor.js'

/** What the commands work on, wherever it comes from. */
export interface Configuration {
  /** Where it comes from, for people. */
  readonly source: string
  readonly sequelize: Sequelize
  readonly Guest?: GuestModel
  readonly Visitor?: typeof Visitor
  /** The application, for `doctor`. */
  readonly app?: Application
  /** What the application wants of every clean-up; the command line overrides it. */
  readonly cleanup: CleanupOptions
  /** Whether links can be signed: without a secret, passes can be looked at and revoked, but not made. */
  readonly hasSecret: boolean
  /** Whether it says how long guests live; nothing in the database does. */
  readonly hasMaxAge: boolean
  /** Why the tables could not be looked at, if the database is away; there are no models then. */
  readonly unreachable?: Error
}

/** One that is in use, until it is closed. */
export interface OpenConfiguration extends Configuration {
  /** Closes the database's connections, the application's own as well: the process is about to end. */
  readonly close: () => Promise<void>
}

/** Names in the database, for a configuration that is nothing but an environment. */
export interface TableOptions {
  readonly usersTable?: string | undefined
  readonly usernameField?: string | undefined
  readonly guestsTable?: string | undefined
  readonly pendingConversionsTable?: string | undefined
  readonly outcomesTable?: string | undefined
  readonly visitorsTable?: string | undefined
  readonly visitsTable?: string | undefined
  readonly schema?: string | undefined
  readonly underscored?: boolean | undefined
  /** The half of the package that the application does not use. */
  readonly without?: string | undefined
}

/** What the command line says of the configuration. */
export interface ConfigurationOptions extends TableOptions {
  /** A path; `false`: look for none. */
  readonly config?: string | false | undefined
}
