import type { ErrorRequestHandler, RequestHandler } from 'express'
import { EphemeralError } from 'passport-ephemeral'
import { HttpError } from './http-error.js'

export const notFound: RequestHandler = (_req, _res, next) => {
  next(new HttpError(404, 'There is nothing at this address.'))
}

export const showError: ErrorRequestHandler = (error: unknown, _req, res, next) => {
  if (res.headersSent) {
    next(error)
    return
  }
  const status = statusOf(error)
  if (status >= 500) console.error(error)
  const isOurs = error instanceof HttpError || (error instanceof EphemeralError && status < 500)
  const message = isOurs
    ? error.message
    : 'Something broke. The error is on our side. Please try again in a moment.'
  res.status(status).render('error', { message })
}

/** Errors of Express and its parsers carry a status too. */
function statusOf(error: unknown): number {
  const status = (error as { status?: unknown } | null)?.status
  return typeof status === 'number' && status >= 400 && status < 600 ? status : 500
}
