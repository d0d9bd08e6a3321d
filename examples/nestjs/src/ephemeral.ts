import { Catch, createParamDecorator, type ArgumentsHost, type CanActivate } from '@nestjs/common'
import type { ExceptionFilter, ExecutionContext } from '@nestjs/common'
import type { Request, RequestHandler } from 'express'
import { EphemeralError, errorPages } from 'passport-ephemeral'

/** `@CurrentUser() user: User`: a guest or a regular user. `@CurrentVisitor() visitor: Visitor`: the pass. */
export const CurrentUser = createParamDecorator(
  (_: unknown, context: ExecutionContext) => requestOf(context).user,
)
export const CurrentVisitor = createParamDecorator(
  (_: unknown, context: ExecutionContext) => requestOf(context).visitor,
)

const requestOf = (context: ExecutionContext) => context.switchToHttp().getRequest<Request>()

/** `@UseGuards(guard(ensureVisitor('REFERENCE_REQUEST')))`: a guard of passport-ephemeral as a guard of Nest. */
export const guard = (middleware: RequestHandler): CanActivate => ({
  canActivate: (context) =>
    new Promise((resolve, reject) => {
      const next = (error?: unknown) => (error === undefined ? resolve(true) : reject(error as Error))
      void middleware(requestOf(context), context.switchToHttp().getResponse(), next)
    }),
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
