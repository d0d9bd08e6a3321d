import type { Application } from 'express'
import type { Sequelize } from 'sequelize'
import { guestSettings, type GuestModel } from '../guest/guest.js'
import { visitorSettings, type Visitor } from '../visitor/visitor.js'
import { checkSetup } from './check-setup.js'
import { readCatalog, type Catalog } from '../database/catalog.js'
import { checkForeignKeys, type Root } from './database/foreign-keys.js'
import { checkOwnTables } from './database/own-tables.js'
import { checkExpiredGuests, checkServer } from './database/upkeep.js'
import { checkOrphans, checkUsersTable } from './database/users-table.js'
import { bySeverity, finding, type Finding } from './finding.js'
import { checkVisitorSecret } from './secrets.js'

/** What is checked. */
export interface Setup {
  readonly sequelize: Sequelize
  readonly Guest?: GuestModel
  readonly Visitor?: typeof Visitor
  readonly app?: Application
  /** Whether the set-up is judged as in production. @default `NODE_ENV` is 'production' */
  readonly isProduction?: boolean
}

/**
 * Returns what is wrong with a real database and a real application, with the remedies; errors first. Reads, and writes
 * nothing. A database that does not answer is a finding, too.
 */
export async function diagnose(setup: Setup): Promise<readonly Finding[]> {
  const { Visitor: Passes, app } = setup
  const isProduction = setup.isProduction ?? process.env['NODE_ENV'] === 'production'
  return bySeverity([
    ...(await checkDatabase(setup)),
    ...(Passes === undefined ? [] : checkSecretOf(Passes, isProduction)),
    ...(app === undefined ? [] : await checkSetup(app, { isProduction })),
  ])
}

function checkSecretOf(Passes: typeof Visitor, isProduction: boolean): Finding[] {
  const { codec } = Passes[visitorSettings]
  return checkVisitorSecret({ name: Passes.name, ...codec }, isProduction)
}

async function checkDatabase(setup: Setup): Promise<Finding[]> {
  try {
    await setup.sequelize.authenticate()
  } catch (error) {
    return [
      finding(
        'DATABASE_UNREACHABLE',
        'error',
        `The database does not answer: ${messageOf(error)}.`,
        'Check that it runs, and the host, port, user and database of the connection.',
      ),
    ]
  }
  try {
    return await checkTables(setup, await readCatalog(setup.sequelize))
  } catch (error) {
    return [
      finding(
        'DATABASE_UNREADABLE',
        'error',
        `The database's catalog could not be read: ${messageOf(error)}.`,
        "Connect with the rights of the tables' owner.",
      ),
    ]
  }
}

async function checkTables(setup: Setup, catalog: Catalog): Promise<Finding[]> {
  const { sequelize, Guest } = setup
  const findings = Guest === undefined ? [] : await checkUsersTable(Guest, catalog)
  const hasUsers = !findings.some(({ code }) => code === 'USERS_TABLE_MISSING')
  const own = await checkOwnTables(setup, catalog, { hasUsers })
  findings.push(...own.findings)
  findings.push(...checkForeignKeys(sequelize, catalog, await rootsOf(setup, catalog), own.keys))
  if (Guest !== undefined) {
    findings.push(...(await checkOrphans(sequelize, Guest, catalog)))
    const isIncomplete = findings.some(({ code }) => ['TABLE_MISSING', 'COLUMN_MISSING'].includes(code))
    if (!isIncomplete) findings.push(...(await checkExpiredGuests(Guest)))
  }
  return [...findings, ...(await checkServer(sequelize))]
}

async function rootsOf({ Guest, Visitor: Passes }: Setup, catalog: Catalog): Promise<Root[]> {
  const users = Guest && (await catalog.tableOf(Guest[guestSettings].User))
  const passes = Passes && (await catalog.tableOf(Passes))
  return [
    ...(users === undefined ? [] : [{ table: users, what: 'guest' } as const]),
    ...(passes === undefined ? [] : [{ table: passes, what: 'visitor pass' } as const]),
  ]
}

function messageOf(error: unknown): string {
  return error instanceof Error ? error.message || error.name : String(error)
}
