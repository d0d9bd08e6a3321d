import { EventEmitter } from 'node:events'
import type { Transaction } from 'sequelize'
import { afterCommit } from '../database/transactions.js'
import { warn } from '../warning.js'
import { describeError } from '../http/redact-tokens.js'

const announceTo: unique symbol = Symbol('passport-ephemeral.announce')

/**
 * What happens to the guests or the visitors of a model, for audit logs and metrics: `Guest.events` and `Visitor.events`.
 *
 * A listener runs in the process in which the event happened, after the commit, once the database has stored what it tells of.
 * What a listener throws, or rejects with, reaches neither the request nor the transaction: it becomes a warning of the process
 * with the code `LISTENER_FAILED`, and the other listeners run.
 *
 * @example
 * Guest.events.on('converted', ({ user, req }) => {
 *   audit.info({ userId: user.id, ip: req?.ip }, 'guest converted')
 * })
 */
export class Events<M extends object> {
  readonly #emitter = new EventEmitter().setMaxListeners(0)

  /** Calls `listener` for every event of this name, in the order in which listeners were added. */
  on<K extends keyof M & string>(name: K, listener: (event: M[K]) => unknown): this {
    this.#emitter.on(name, listener)
    return this
  }

  /** Calls `listener` for the next event of this name only. */
  once<K extends keyof M & string>(name: K, listener: (event: M[K]) => unknown): this {
    this.#emitter.once(name, listener)
    return this
  }

  /** Removes what `on` or `once` added. */
  off<K extends keyof M & string>(name: K, listener: (event: M[K]) => unknown): this {
    this.#emitter.off(name, listener)
    return this
  }

  /** Whether a listener would be called: for events that cost something to find out. */
  hasListener(name: keyof M & string): boolean {
    return this.#emitter.listenerCount(name) > 0
  }

  /** @hidden */
  [announceTo](name: string, event: object): void {
    for (const listener of this.#emitter.rawListeners(name)) {
      try {
        const result: unknown = listener.call(this.#emitter, event)
        Promise.resolve(result).catch((error: unknown) => {
          warnOf(name, error)
        })
      } catch (error) {
        warnOf(name, error)
      }
    }
  }
}

/** Calls the listeners once `transaction` is committed, never if it is rolled back; without a transaction, now. */
export function announce<M extends object, K extends keyof M & string>(
  events: Events<M>,
  name: K,
  event: M[K] & object,
  transaction?: Transaction,
): void {
  afterCommit(transaction, () => {
    events[announceTo](name, event)
  })
}

function warnOf(name: string, error: unknown): void {
  warn(
    'LISTENER_FAILED',
    `A listener of the event '${name}' failed: ${describeError(error)}`,
    'Handle the error in the listener. The request went on, and the other listeners were called.',
  )
}
