import createDebug from 'debug'
import type { Request } from 'express'
import { baseOf, type BaseUrl } from '../../http/base-url.js'
import { localPath } from '../../http/address.js'
import { MessageNotSent } from '../../pages/message-not-sent.js'
import type { Visitor, VisitorOf } from '../visitor.js'
import type { PassRequest } from './pass-request.js'
import type { SelfServiceValues } from './schema.js'

/** Stands where a digest would, until the link is out. */
const PENDING = 'pending'

const debug = createDebug('passport-ephemeral:self-service')

/** What goes out to the mailbox that was typed in. */
export interface SelfServiceMessage {
  /** The new pass. Its link opens the door once `send` is through. */
  readonly visitor: VisitorOf
  /** The only thing that opens the door: put it into the message, and nowhere else. */
  readonly link: string
  readonly req: Request
}

/** Delivers the link to `visitor.email`; whatever it throws says that it did not. */
export type SendLink = (message: SelfServiceMessage) => unknown

/** How long, and how often, the link of such a pass opens the door. */
export interface PassLimits {
  /** Seconds. @default what the model says */
  readonly tokenExpiry?: number | undefined
  /** @default any number of times */
  readonly maxUses?: number | undefined
}

/**
 * The pass that was asked for, not stored yet.
 *
 * @throws {ValidationError} Sequelize's, if it cannot be as it was typed
 */
export async function draftPass(
  Model: typeof Visitor,
  { firstName = '', lastName = '', email, context = null }: SelfServiceValues,
  { scope, sessionExpiry }: PassRequest,
  { tokenExpiry, maxUses }: PassLimits,
): Promise<Visitor> {
  const visitor = Model.build({
    firstName,
    lastName,
    email,
    context,
    scope,
    selfService: true,
    maxUses: maxUses ?? null,
    ...(tokenExpiry !== undefined && { expiresAt: new Date(Date.now() + tokenExpiry * 1000) }),
    isActive: false,
    confirmedBy: PENDING,
    ...(sessionExpiry !== undefined && { sessionExpiry }),
  })
  await visitor.validate({ hooks: false, skip: ['createdAt', 'updatedAt'] }) // they are set when it is saved
  return visitor
}

/**
 * Stores the pass, sends its link, and only then opens it: whatever fails, and wherever the process dies, no pass is open
 * whose link nobody got.
 *
 * @throws {MessageNotSent} if the message was not sent; then nothing is left but, if the database is away too, a closed pass
 */
export async function sendPass(
  visitor: Visitor,
  { next }: PassRequest,
  { req, send, baseUrl }: { readonly req: Request; readonly send: SendLink; readonly baseUrl: BaseUrl },
): Promise<void> {
  const link = visitor.tokenise(baseOf('selfServiceRouter', baseUrl, req) + localPath(next))
  await visitor.save()
  visitor.isActive = true // for `send` to see, and to undo by `deactivate()`; in the database it is closed
  try {
    await send({ visitor, link, req })
  } catch (cause) {
    debug('pass %d taken back: its link was not sent', visitor.id)
    await visitor.destroy().catch((error: unknown) => {
      debug('pass %d stays, closed: %o', visitor.id, error)
    })
    throw new MessageNotSent(cause)
  }
  await open(visitor)
  debug('pass %d sent', visitor.id)
}

/** Opens the pass, unless somebody has deactivated it meanwhile, by this instance or another. */
async function open(visitor: Visitor): Promise<void> {
  const Model = visitor.constructor as typeof Visitor
  const opened = { isActive: true, confirmedBy: null }
  await Model.unscoped().update(opened, {
    where: { id: visitor.id, confirmedBy: PENDING },
    hooks: false,
    validate: false,
  })
}
