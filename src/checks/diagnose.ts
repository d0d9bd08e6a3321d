import type { Application } from 'express'
import { visitorSettings, type Visitor } from '../visitor/visitor.js'
import { checkSetup } from './check-setup.js'
import { readCatalog, type Catalog } from '../database/catalog.js'
import { checkForeignKeys } from './database/foreign-keys.js'
import { checkReferences } from './database/references.js'
import { checkTables, type Models } from './database/tables.js'
import { checkExpiredGuests } from './database/upkeep.js'
import { checkUsersTable } from './database/users-table.js'
import { bySeverity, finding, type Finding, type Report } from './finding.js'
import { MAKE_A_SECRET } from './secrets.js'

/** What is checked. */
export interface Setup extends Models {
  readonly app?: Application
  /** The paths to ask the application for. @default ['/'] */
  readonly paths?: readonly string[]
  /** Whether the set-up is judged as in production. @default `NODE_ENV` is 'production' */
  readonly isProduction?: boolean
}

/**
 * Returns what is wrong with a real database and a real application, with the remedies; errors first. Reads, and writes
 * nothing. A database that does not answer is a finding, too.
 */
export async function diagnose(setup: Setup): Promise<readonly Finding[]> {
  const { Visitor: Passes, app, paths } = setup
  const isProduction = setup.isProduction ?? process.env['NODE_ENV'] === 'production'
  const findings: Finding[] = []
  const report: Report = (...parts) => findings.push(finding(...parts))
  await checkDatabase(setup, report)
  if (Passes !== undefined) checkVisitorSecret(Passes, isProduction, report)
  if (app !== undefined) findings.push(...(await checkSetup(app, { isProduction, ...(paths && { paths }) })))
  return bySeverity(findings)
}

/** Checks the secrets that sign visitors' links. No message repeats a secret. */
export function checkVisitorSecret(Passes: typeof Visitor, isProduction: boolean, report: Report): void {
  const { name } = Passes
  const { secrecy, uuidIsToken } = Passes[visitorSettings].codec
  for (const weakness of secrecy.weaknesses) {
    report(
      'WEAK_VISITOR_SECRET',
      isProduction ? 'error' : 'warning',
      `A secret of ${name} ${weakness}: an attacker who guesses it and reads the table opens every link.`,
      `${MAKE_A_SECRET}, and put it first in an array, so that links that were sent out still open: secret: [new, old].`,
    )
  }
  if (!secrecy.signs) {
    report(
      'VISITOR_SECRET_MISSING',
      'warning',
      `${name} has no secret that signs: anyone who reads its table, or a backup of it, opens every link.`,
      `${MAKE_A_SECRET}, and let bare UUIDs that were sent out expire: secret: [new, false].`,
    )
  } else if (uuidIsToken) {
    report(
      'BARE_UUIDS_ACCEPTED',
      'note',
      `${name} signs its links, and still accepts bare UUIDs: anyone who reads the table opens every link.`,
      'Remove false from the secrets once the links that were sent out bare have expired.',
    )
  }
}

async function checkDatabase(setup: Setup, report: Report): Promise<void> {
  try {
    await setup.sequelize.authenticate()
  } catch (error) {
    report(
      'DATABASE_UNREACHABLE',
      'error',
      `The database does not answer: ${messageOf(error)}.`,
      'Check that it runs, and the host, port, user and database of the connection.',
    )
    return
  }
  try {
    await checkCatalog(setup, await readCatalog(setup.sequelize), report)
  } catch (error) {
    report(
      'DATABASE_UNREADABLE',
      'error',
      `The database's catalog could not be read: ${messageOf(error)}.`,
      "Connect with the rights of the tables' owner.",
    )
  }
}

async function checkCatalog(models: Models, catalog: Catalog, report: Report): Promise<void> {
  const { Guest } = models
  if (Guest !== undefined) await checkUsersTable(Guest, catalog, report)
  const isComplete = await checkTables(models, catalog, report)
  const reported = await checkReferences(models, catalog, report)
  await checkForeignKeys(models, catalog, reported, report)
  if (Guest !== undefined && isComplete) await checkExpiredGuests(Guest, report)
}

function messageOf(error: unknown): string {
  return error instanceof Error ? error.message || error.name : String(error)
}
