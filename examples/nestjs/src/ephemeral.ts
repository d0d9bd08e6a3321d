import { Catch, createParamDecorator } from '@nestjs/common'
import type { ArgumentsHost, CanActivate, ExceptionFilter, ExecutionContext } from '@nestjs/common'
import type { Request, RequestHandler } from 'express'
import passport from 'passport'
import { EphemeralError, errorPages, GuestRequired } from 'passport-ephemeral'

const requestOf = (context: ExecutionContext) => context.switchToHttp().getRequest<Request>()
const fromRequest = (property: 'user' | 'visitor') =>
  createParamDecorator((_: unknown, context: ExecutionContext) => requestOf(context)[property])

/** `@CurrentUser() user: User`: a guest or a regular user. `@CurrentVisitor() visitor: Visitor`: the pass. */
export const CurrentUser = fromRequest('user')
export const CurrentVisitor = fromRequest('visitor')

/** `@UseGuards(guard(ensureVisitor('REFERENCE_REQUEST')))`: a guard of passport-ephemeral as a guard of Nest. */
export const guard = (middleware: RequestHandler): CanActivate => ({
  canActivate: (context) =>
    new Promise((resolve, reject) => {
      const next = (error?: unknown) => (error === undefined ? resolve(true) : reject(error as Error))
      void middleware(requestOf(context), context.switchToHttp().getResponse(), next)
    }),
})

/** `@UseGuards(guestGuard)`: the first request makes a guest. A client who gets none (a bot, a guest who has just left) gets 401. */
export const guestGuard = guard((req, res, next) => {
  const done = (error?: unknown) => next(error ?? (req.user ? undefined : new GuestRequired(401)))
  passport.authenticate('guest')(req, res, done)
})

const answerError = errorPages()
/** Answers the errors of passport-ephemeral: a page for people, `application/problem+json` for programs. */
@Catch(EphemeralError)
export class EphemeralFilter implements ExceptionFilter {
  catch(error: EphemeralError, host: ArgumentsHost): void {
    const http = host.switchToHttp()
    answerError(error, http.getRequest(), http.getResponse(), http.getNext())
  }
}
