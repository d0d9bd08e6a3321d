import type { ErrorRequestHandler, RequestHandler } from 'express'
import { EphemeralError, VisitorAccessDenied } from 'passport-ephemeral'
import { HttpError } from './http-error.js'

interface ErrorPage {
  readonly status: number
  readonly title: string
  readonly message: string
}

export const notFound: RequestHandler = (_req, _res, next) => {
  next(new HttpError(404, 'There is nothing at this address.'))
}

export const showError: ErrorRequestHandler = (error: unknown, _req, res, next) => {
  if (res.headersSent) {
    next(error)
    return
  }
  const page = describe(error)
  if (page.status >= 500) console.error(error)
  res.status(page.status).render('error', page)
}

function describe(error: unknown): ErrorPage {
  if (error instanceof VisitorAccessDenied) return describeRefusal(error)
  const status = statusOf(error)
  const isOurs = error instanceof HttpError || error instanceof EphemeralError
  return {
    status,
    title: TITLES[status] ?? (status < 500 ? 'That did not work' : 'Something broke'),
    message:
      isOurs && status < 500
        ? error.message
        : status < 500
          ? 'The request could not be understood.'
          : 'The error is on our side. Please try again in a moment.',
  }
}

const TITLES: Record<number, string> = {
  401: 'Please log in',
  403: 'Not for you, sorry',
  404: 'Nothing here',
}

/**
 * `reason` is for the application's logs. To the outside, unknown, expired, withdrawn and used-up links must look
 * alike, so that an outsider cannot find out which links exist. Only an admitted visitor is told that the page has
 * another scope.
 */
function describeRefusal({ status, reason }: VisitorAccessDenied): ErrorPage {
  if (reason === 'wrong-scope') {
    return {
      status,
      title: 'Your invitation is for another page',
      message: 'Your invitation is valid, but this page requires a different one.',
    }
  }
  if (reason === 'malformed') {
    return {
      status,
      title: 'This link is incomplete',
      message:
        'Part of it seems to be missing. Please copy the whole address out of the e-mail, or ask for a new link.',
    }
  }
  return {
    status,
    title: 'This page is by invitation',
    message:
      'We could not let you in. Please follow the link in your invitation; if you just did, it no longer works, ' +
      'and the sender of the invitation can send a new one.',
  }
}

/** Errors of Express and its parsers carry a status too. */
function statusOf(error: unknown): number {
  const status = (error as { status?: unknown } | null)?.status
  return typeof status === 'number' && status >= 400 && status < 600 ? status : 500
}
