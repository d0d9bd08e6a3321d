import { ConnectionError } from 'sequelize'
import { printable } from './text/printable.js'

/** What went wrong, in one sentence for people; a whole stack with `DEBUG`. */
export function explain(error: unknown, { isDebugging }: { isDebugging: boolean }): string {
  if (!(error instanceof Error)) return printable(String(error))
  if (isDebugging) return error.stack ?? error.message
  return printable(sentence(error))
}

function sentence(error: Error): string {
  if (isConnectionError(error)) return `The database cannot be reached: ${reason(error)}`
  return error.message === '' ? reason(error) : error.message
}

/** By name as well: an application may have another copy of Sequelize. */
function isConnectionError(error: Error): boolean {
  return (
    error instanceof ConnectionError || /^Sequelize\w*Connection\w*Error$|^SequelizeHost/.test(error.name)
  )
}

/** What the driver says; of several addresses that were tried it says nothing but a code. */
function reason(error: Error): string {
  const { parent } = error as { parent?: Error & { code?: string } }
  return (
    [error.message, parent?.message, parent?.code].find((text) => text !== undefined && text !== '') ??
    error.name
  )
}
