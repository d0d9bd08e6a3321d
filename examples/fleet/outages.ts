import type { ErrorRequestHandler } from 'express'
import { ClientClosedError, ClientOfflineError, ConnectionTimeoutError, ErrorReply } from 'redis'
import { SocketClosedUnexpectedlyError, TimeoutError as RedisTimeoutError } from 'redis'
import { ConnectionError, DatabaseError } from 'sequelize'

/** A part that this process needs is unavailable. */
export class Outage extends Error {
  constructor(part: string) {
    super(`${part} is unavailable`)
  }
}

const RETRY_AFTER = 2 // seconds

/** Responds to an outage with 503 and `Retry-After`. The request may have been executed. */
export const showOutage: ErrorRequestHandler = (error: unknown, req, res, next) => {
  if (!isOutage(error)) {
    next(error)
    return
  }
  console.error(`${req.method} ${req.path}: ${error instanceof Error ? error.message : 'an outage'}`)
  if (res.headersSent) {
    next(error)
    return
  }
  const answer = {
    status: 503,
    code: 'ERR_OUTAGE',
    message: 'A part of this site is unavailable. Check whether your change was saved before you try again.',
  }
  res.status(503).set('Retry-After', String(RETRY_AFTER))
  if (req.path.startsWith('/api/')) res.json(answer)
  else res.type('text').send(`${answer.message}\n`)
}

const REDIS_ERRORS = [
  ClientClosedError,
  ClientOfflineError,
  ConnectionTimeoutError,
  RedisTimeoutError,
  SocketClosedUnexpectedlyError,
]

/** Whether an error, or its cause, means that PostgreSQL or Redis is unavailable. */
export function isOutage(error: unknown): boolean {
  if (!(error instanceof Error)) return false
  if (error instanceof Outage || error instanceof ConnectionError) return true
  if (REDIS_ERRORS.some((kind) => error instanceof kind)) return true
  if (error instanceof ErrorReply) return /^(LOADING|MASTERDOWN|READONLY)/.test(error.message)
  if (error instanceof DatabaseError && endsConnection(error.parent)) return true
  return isNetworkError(error) || isOutage(error.cause)
}

/**
 * Whether the server ended the connection (classes 08, 57P, and 53300: too many connections), or stopped responding.
 */
function endsConnection(error: Error & { code?: string }): boolean {
  const { code } = error
  if (code === undefined) return /terminated|ended|not queryable|timeout/i.test(error.message)
  return /^(08|57P|53300|25P03)/.test(code) || isNetworkError(error)
}

function isNetworkError(error: Error & { code?: unknown }): boolean {
  return ['ECONNREFUSED', 'ECONNRESET', 'EPIPE', 'ETIMEDOUT'].includes(String(error.code))
}
