import type { Sequelize } from 'sequelize'
import { hostOptions } from '../../src/database/columns.js'
import { dialect } from '../support/database.js'

/** The address of a test's own database, for another process. */
export function urlOf(sequelize: Sequelize): string {
  if (dialect === 'sqlite') return `sqlite:${hostOptions(sequelize).storage ?? ''}`
  const url = new URL(process.env['DATABASE_URL'] ?? '')
  url.pathname = `/${sequelize.getDatabaseName()}`
  return url.href
}
