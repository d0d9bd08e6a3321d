import type { Application } from 'express'
import type { Sequelize } from 'sequelize'
import { guestSettings, type GuestModel } from '../guest/guest.js'
import type { Visitor } from '../visitor/visitor.js'
import { checkSetup } from './app/check-setup.js'
import { readCatalog, type Catalog } from '../database/catalog.js'
import { checkForeignKeys, type Root } from './database/foreign-keys.js'
import { checkOrphans } from './database/orphans.js'
import { checkOwnKeys } from './database/own-keys.js'
import { checkOwnTable, checkUsersTable, ownModels } from './database/own-tables.js'
import { checkEmailLookup, checkExpiredGuests, checkServer } from './database/upkeep.js'
import { bySeverity, type Finding } from './finding.js'
import { checkVisitorSecret } from './secrets.js'

/** What is looked at; each is left alone unless it is given. */
export interface Setup {
  readonly sequelize: Sequelize
  readonly Guest?: GuestModel
  readonly Visitor?: typeof Visitor
  readonly app?: Application
  /** Whether this is, or will be, the real thing. @default `NODE_ENV` is 'production' */
  readonly isProduction?: boolean
}

/**
 * Looks at a real database and a real application, and says what is wrong and how to mend it; errors first. Reads, and
 * writes nothing. A database that does not answer is a finding, too.
 */
export async function diagnose(setup: Setup): Promise<readonly Finding[]> {
  const { Guest, Visitor: Passes, app } = setup
  const isProduction = setup.isProduction ?? process.env['NODE_ENV'] === 'production'
  return bySeverity([
    ...(await checkDatabase(setup)),
    ...(Passes === undefined ? [] : checkVisitorSecret(Passes, isProduction)),
    ...(app === undefined
      ? []
      : await checkSetup(app, { isProduction, ...(Guest && { Guest }), ...(Passes && { Visitor: Passes }) })),
  ])
}

async function checkDatabase(setup: Setup): Promise<Finding[]> {
  try {
    await setup.sequelize.authenticate()
  } catch (error) {
    return [
      {
        code: 'database-unreachable',
        severity: 'error',
        message: `The database does not answer: ${messageOf(error)}.`,
        remedy: 'Check that it runs, and what the connection says of host, port, user and database.',
      },
    ]
  }
  try {
    return await checkTables(setup, await readCatalog(setup.sequelize))
  } catch (error) {
    return [
      {
        code: 'database-unreadable',
        severity: 'error',
        message: `The database's catalog could not be read: ${messageOf(error)}.`,
        remedy: "Look with the rights of the tables' owner.",
      },
    ]
  }
}

async function checkTables(setup: Setup, catalog: Catalog): Promise<Finding[]> {
  const { sequelize, Guest } = setup
  const findings = Guest === undefined ? [] : await checkUsersTable(Guest, catalog)
  const hasUsers = findings.length === 0
  for (const model of ownModels(setup)) findings.push(...(await checkOwnTable(model, catalog, { hasUsers })))
  const own = await checkOwnKeys(setup, catalog)
  findings.push(...own.findings)
  findings.push(...checkForeignKeys(sequelize, catalog, await rootsOf(setup, catalog), own.keys))
  if (Guest !== undefined) {
    findings.push(...(await checkOrphans(sequelize, Guest, catalog)))
    findings.push(...(await checkEmailLookup(Guest, catalog)))
    const isComplete = !findings.some(({ code }) => ['table-missing', 'column-missing'].includes(code))
    if (isComplete) findings.push(...(await checkExpiredGuests(Guest)))
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
