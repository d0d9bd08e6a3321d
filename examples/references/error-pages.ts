import type { ErrorRequestHandler, RequestHandler } from 'express'
import { errorPages } from 'passport-ephemeral'
import { HttpError } from './http-error.js'

export const notFound: RequestHandler = (_req, _res, next) => {
  next(new HttpError(404, 'There is nothing at this address.'))
}

/** The errors of passport-ephemeral, in the words of the package. */
export const showPackageError = errorPages({
  render: (page, _req, res) => {
    res.render('error', { page })
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
  res.status(status).render('error', {
    page: {
      status,
      title: TITLES[status] ?? (status < 500 ? 'That did not work' : 'Something broke'),
      text: textOf(error, status),
      link: { href: '/', text: 'Back to the start' },
    },
  })
}

const TITLES: Record<number, string> = {
  401: 'Please log in',
  403: 'Not for you, sorry',
  404: 'Nothing here',
}

function textOf(error: unknown, status: number): string {
  if (status >= 500) return 'The error is on our side. Please try again in a moment.'
  return error instanceof HttpError ? error.message : 'The request could not be understood.'
}

/** Errors of Express and its parsers carry a status too. */
function statusOf(error: unknown): number {
  const status = (error as { status?: unknown } | null)?.status
  return typeof status === 'number' && status >= 400 && status < 600 ? status : 500
}
