import { ConnectionError } from 'sequelize'

/** PostgreSQL's classes 28 (who you are) and 3D (no such database), MySQL's words for the same. */
const REFUSALS = /^(28...|3D...|ER_ACCESS_DENIED.*|ER_DBACCESS_DENIED.*|ER_BAD_DB_ERROR)$/

/** Whether there is no connection. By name as well: an application may have another copy of Sequelize. */
export function isConnectionError(error: unknown): boolean {
  return (
    error instanceof ConnectionError ||
    (error instanceof Error &&
      /^Sequelize\w*Connection\w*Error$|^Sequelize(Host|AccessDenied)/.test(error.name))
  )
}

/** Whether the database answered, and did not want this user, or has no such database. */
export function isRefusal(error: Error): boolean {
  const { parent } = error as { parent?: { code?: unknown } }
  return typeof parent?.code === 'string' && REFUSALS.test(parent.code)
}
