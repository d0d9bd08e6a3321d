import type { ErrorRequestHandler, RequestHandler } from 'express'

/** An error of the application, with a message for the user. */
export class ApiError extends Error {
  constructor(
    readonly status: number,
    /** Stable, for programs. */
    readonly code: string,
    message: string,
  ) {
    super(message)
  }
}

/** The body of an error response; the page shows the message. */
interface Answer {
  readonly status: number
  readonly code: string
  readonly message: string
}

export const notFound: RequestHandler = (_req, _res, next) => {
  next(new ApiError(404, 'ERR_NOT_FOUND', 'There is nothing at this address.'))
}

/** Responds with JSON to the API, and with text to other requests. */
export const showError: ErrorRequestHandler = (error: unknown, req, res, next) => {
  if (res.headersSent) {
    next(error)
    return
  }
  const answer = describe(error)
  if (answer.status >= 500) console.error(error)
  res.status(answer.status)
  if (req.path.startsWith('/api/')) res.json(answer)
  else res.type('text').send(`${answer.message}\n`)
}

function describe(error: unknown): Answer {
  const status = statusOf(error)
  const isOurs = error instanceof ApiError
  if (status >= 500) {
    return {
      status,
      code: isOurs ? error.code : 'ERR_INTERNAL',
      message: 'The error is on our side. Nothing was changed. Please try again in a moment.',
    }
  }
  if (isOurs) return { status, code: error.code, message: error.message }
  return { status, code: 'ERR_BAD_REQUEST', message: 'The request could not be understood.' }
}

/** Errors of Express and its parsers carry a status too. */
function statusOf(error: unknown): number {
  const status = (error as { status?: unknown } | null)?.status
  return typeof status === 'number' && status >= 400 && status < 600 ? status : 500
}
