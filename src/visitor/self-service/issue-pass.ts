import createDebug from 'debug'
import type { Request } from 'express'
import { localPath } from '../../web/local-path.js'
import type { Visitor, VisitorOf } from '../visitor.js'
import type { HandOver } from './hand-over.js'
import type { SelfServiceValues } from './schema.js'

const debug = createDebug('passport-ephemeral:self-service')

/** What goes out to the mailbox that was typed in. */
export interface SelfServiceMessage {
  /** The new pass. */
  readonly visitor: VisitorOf
  /** The only thing that opens the door: put it into the message, and nowhere else. */
  readonly link: string
  readonly req: Request
}

/** Delivers the link to `visitor.email`; whatever it throws says that it did not. */
export type SendLink = (message: SelfServiceMessage) => unknown

/** Where the links of messages lead. */
export type BaseUrl = string | ((req: Request) => string)

/**
 * Makes the pass that was asked for, and sends its link. A message that could not be sent takes the pass with it, so that
 * no pass lives whose link nobody got.
 *
 * @throws {ValidationError} Sequelize's, if the pass cannot be as it was typed; then nothing was stored
 * @throws {SendFailed} if the message was not sent; then nothing is left
 */
export async function issuePass(
  Model: typeof Visitor,
  { firstName = '', lastName = '', email, context = null }: SelfServiceValues,
  { scope, next, sessionExpiry }: HandOver,
  { req, send, baseUrl }: { readonly req: Request; readonly send: SendLink; readonly baseUrl: BaseUrl },
): Promise<void> {
  const origin = originOf(baseUrl, req)
  const visitor = await Model.create({
    firstName,
    lastName,
    email,
    context,
    scope,
    selfService: true,
    ...(sessionExpiry !== undefined && { sessionExpiry }),
  })
  try {
    await send({ visitor, link: visitor.tokenise(origin + localPath(next)), req })
  } catch (cause) {
    debug('pass %d taken back: its link was not sent: %o', visitor.id, cause)
    await visitor.destroy()
    throw new SendFailed(cause)
  }
  debug('pass %d sent', visitor.id)
}

/** Internal: the person is asked to try again; the application hears of `cause` by a warning. */
export class SendFailed extends Error {
  constructor(cause: unknown) {
    super('The link was not sent', { cause })
    this.name = 'SendFailed'
  }
}

/** @throws {TypeError} if what the application says is no web address */
export function originOf(baseUrl: BaseUrl, req: Request): string {
  const url = typeof baseUrl === 'function' ? baseUrl(req) : baseUrl
  if (!isBaseUrl(url)) throw new TypeError('selfServiceRouter: baseUrl must give an http(s) address')
  return new URL(url).origin
}

export function isBaseUrl(url: unknown): boolean {
  return typeof url === 'string' && URL.canParse(url) && /^https?:$/.test(new URL(url).protocol)
}
