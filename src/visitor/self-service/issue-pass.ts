import createDebug from 'debug'
import type { Request } from 'express'
import { announce } from '../../events/events.js'
import { localPath } from '../../http/address.js'
import type { StoredMessage } from '../../pages/flow-declaration.js'
import { PENDING, type Visitor, type VisitorOf } from '../visitor.js'
import type { PassRequest } from './pass-request.js'
import type { SelfServiceValues } from './schema.js'

const debug = createDebug('passport-ephemeral:self-service')

/** What goes out to the mailbox that was typed in. */
export interface SelfServiceMessage {
  /** The new pass. Its link can be redeemed once `send` is through. */
  readonly visitor: VisitorOf
  /** The only credential for the pass: put it into the message, and nowhere else. */
  readonly link: string
  readonly req: Request
}

/** Delivers the link to `visitor.email`; a throw or a rejection means that it did not. */
export type SendLink = (message: SelfServiceMessage) => unknown

/** How long, and how often, the link of such a pass can be redeemed. */
export interface PassLimits {
  /** Seconds. @default the model's `tokenExpiry` */
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

/** Stores the pass, inactive until its link is sent: no pass is active whose link was never delivered. */
export async function storePass(
  visitor: Visitor,
  send: SendLink,
  { req, base, next }: { readonly req: Request; readonly base: string; readonly next: string },
): Promise<StoredMessage> {
  const Model = visitor.constructor as typeof Visitor
  const link = visitor.tokenise(base + localPath(next))
  await visitor.save()
  announce(Model.events, 'selfServiceRequested', { visitor, req })
  visitor.isActive = true // for `send` to see, and to undo by `deactivate()`; the database has it inactive
  return {
    send: () => send({ visitor, link, req }),
    takeBack: () => visitor.destroy(),
    async open() {
      // Unless it was deactivated meanwhile, by this process or another.
      const where = { id: visitor.id, confirmedBy: PENDING }
      const opened = { isActive: true, confirmedBy: null }
      await Model.unscoped().update(opened, { where, hooks: false, validate: false })
      debug('pass %d sent', visitor.id)
      announce(Model.events, 'issued', { visitor })
    },
  }
}
