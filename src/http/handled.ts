import type { NextFunction, Request, RequestHandler, Response } from 'express'
import { explainMissingTable } from '../database/driver-error.js'

/** A handler of what answers by a promise: Express 4 does not look at what a handler returns. */
export function handled(
  answer: (req: Request, res: Response, next: NextFunction) => Promise<void>,
): RequestHandler {
  return function handler(req, res, next) {
    answer(req, res, next).catch((error: unknown) => {
      next(explainMissingTable(error))
    })
  }
}
