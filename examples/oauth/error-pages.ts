import type { ErrorRequestHandler, RequestHandler } from 'express'
import { errorPages } from 'passport-ephemeral'
import { HttpError } from './http-error.js'

export const notFound: RequestHandler = (_req, _res, next) => {
  next(new HttpError(404, 'There is nothing at this address.'))
}

/** The errors of passport-ephemeral, in the words of the package. */
export const showPackageError = errorPages({
  render: ({ text }, _req, res) => {
    res.render('error', { message: text })
  },
})

/** All other errors. */
export const showError: ErrorRequestHandler = (error: unknown, _req, res, next) => {
  if (res.headersSent) {
    next(error)
    return
  }
  const status = statusOf(error)
  if (status >= 500) console.error(error)
  const message =
    error instanceof HttpError
      ? error.message
      : 'Something broke. The error is on our side. Please try again in a moment.'
  res.status(status).render('error', { message })
}

/** Errors of Express and its parsers carry a status too. */
function statusOf(error: unknown): number {
  const status = (error as { status?: unknown } | null)?.status
  return typeof status === 'number' && status >= 400 && status < 600 ? status : 500
}
