import createDebug from 'debug'
import type { Request } from 'express'
import { retryTransaction } from '../../database/transactions.js'
import { announce } from '../../events/events.js'
import { localPath } from '../../http/address.js'
import type { StoredMessage } from '../../pages/flow-declaration.js'
import type { PageContext } from '../../pages/context.js'
import { mailOf, type CodeMessage } from '../../pages/mail.js'
import { makeCode } from '../../pages/one-time-code.js'
import { PENDING, type Visitor, type VisitorOf } from '../visitor.js'
import type { PassCodes } from './code.js'
import type { PassRequest } from './pass-request.js'
import type { SelfServiceValues } from './schema.js'

const debug = createDebug('passport-ephemeral:self-service')

/** What goes out to the mailbox that was typed in. Its link can be redeemed once `send` is through. */
export interface SelfServiceMessage extends CodeMessage {
  /** The new pass. */
  readonly visitor: VisitorOf
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

/** The request for a pass, and where its link leads. */
interface Asked {
  readonly req: Request
  readonly context: PageContext
  readonly base: string
  readonly next: string
  /** @default the message has no code */
  readonly codes: PassCodes | undefined
}

/** Stores the pass, inactive until its link is sent: no pass is active whose link was never delivered. */
export async function storePass(
  visitor: Visitor,
  send: SendLink,
  { req, context, base, next, codes }: Asked,
): Promise<StoredMessage> {
  const Model = visitor.constructor as typeof Visitor
  const link = visitor.tokenise(base + localPath(next))
  const made = codes && makeCode()
  visitor.codeHash = made?.hash ?? null
  await visitor.save()
  announce(Model.events, 'selfServiceRequested', { visitor, req })
  visitor.isActive = true // for `send` to see, and to undo by `deactivate()`; the database has it inactive
  return {
    send: () => {
      const { email, expiresAt } = visitor
      const code = made?.code
      const message = mailOf(context, { kind: 'selfService', link, expiresAt, code })
      return send({ visitor, email, link, code, expiresAt, message, req })
    },
    takeBack: () => visitor.destroy(),
    async open() {
      // Unless it was deactivated meanwhile, by this process or another.
      const where = { id: visitor.id, confirmedBy: PENDING }
      const opened = { isActive: true, confirmedBy: null }
      await retryTransaction(() => Model.unscoped().update(opened, { where, hooks: false, validate: false }))
      debug('pass %d sent', visitor.id)
      if (made !== undefined) codes?.keep(req, { id: visitor.id, secret: made.secret })
      announce(Model.events, 'issued', { visitor, req, actor: undefined })
    },
  }
}
