import { randomUUID } from 'node:crypto'
import type { Request } from 'express'
import {
  Model,
  type CreationOptional,
  type InferAttributes,
  type InferCreationAttributes,
  type NonAttribute,
  type Transaction,
} from 'sequelize'
import { retryTransaction } from '../database/transactions.js'
import { InvalidVisitorPass } from '../errors.js'
import { InvalidOption } from '../invalid-option.js'
import { announce, type Events } from '../events/events.js'
import type { Rule } from '../options.js'
import { withQuery } from '../http/query.js'
import type { VisitorContext, VisitorScope } from './scope.js'
import type { VisitorEvents } from './events.js'
import type { VisitorSettings } from './settings.js'
import { UNUSED, type Sharing } from './visits/visit.js'

/** What a pass shows of itself in JSON. */
export type VisitorJson<S extends VisitorScope = VisitorScope> = Pick<
  Visitor<S>,
  | 'id'
  | 'firstName'
  | 'lastName'
  | 'fullName'
  | 'email'
  | 'scope'
  | 'context'
  | 'createdAt'
  | 'expiresAt'
  | 'isActive'
>

/** What `confirmedBy` of a pass holds that self-service has stored and not sent yet. */
export const PENDING = 'pending'

/** Where a defined model keeps its settings; subclasses and `Visitor.schema(…)` inherit them. */
export const visitorSettings: unique symbol = Symbol('passport-ephemeral.visitorSettings')

/** Tells a model that `defineVisitorModels` returned. */
export const visitorModel: Rule = {
  expected: 'the Visitor model that defineVisitorModels returned',
  test: (value) => typeof value === 'function' && visitorSettings in value,
  describe: (value) =>
    typeof value === 'function' && 'getTableName' in value ? `${value.name}, another model` : undefined,
}

/** How a method that writes meets the database, and what the event tells of it. */
export interface WriteOptions {
  /** The caller's transaction. Without one, the statement stands alone. */
  readonly transaction?: Transaction | undefined
  /** The request in which it happens. */
  readonly req?: Request | undefined
  /** Who changes the pass: a member of the staff, for example. */
  readonly actor?: unknown
}

/** What `Visitor.create` takes: each scope with its own context. Sequelize lets `null` be left out. */
type VisitorCreation = Omit<InferCreationAttributes<Visitor>, 'scope' | 'context'> &
  { [S in VisitorScope]: { scope: S; context: VisitorContext<S> } }[VisitorScope]

/** A pass of scope `S`; of several, the union that `scope` tells apart. */
export type VisitorOf<S extends VisitorScope = VisitorScope> = S extends unknown ? Visitor<S> : never

/** The model: the class, but what it finds and makes is told apart by `scope`. */
export type VisitorModel = typeof Visitor & (new () => VisitorOf)

/**
 * A visitor pass: the stored invitation. Made by `Visitor.create({ email, scope, … })`, sent as
 * `pass.tokenise(url)`, redeemed by `VisitorTokenStrategy`.
 *
 * @example
 * const pass = await Visitor.create({ email: 'fred@example.com', scope: 'REFERENCE_REQUEST' })
 * await send(pass.email, pass.tokenise('https://example.com/reference'))
 */
export class Visitor<S extends VisitorScope = VisitorScope> extends Model<
  InferAttributes<Visitor>,
  InferCreationAttributes<Visitor>
> {
  /** For the compiler, as Sequelize has it: `create`, `build` and `bulkCreate` read here what they take. */
  declare _creationAttributes: VisitorCreation
  declare static readonly [visitorSettings]: VisitorSettings
  /** What happens to passes and visitors: for audit logs and metrics. `docs/events.md` lists the events. */
  declare static readonly events: Events<VisitorEvents<Visitor>>

  declare readonly id: CreationOptional<number>
  /** Half of the link's token; the other half is the secret. */
  declare uuid: CreationOptional<string>
  /** At most 150 characters. @default '' */
  declare firstName: CreationOptional<string>
  /** At most 150 characters. @default '' */
  declare lastName: CreationOptional<string>
  declare email: string
  /** Why they are here: what `ensureVisitor(scope)` compares. At most 100 characters. */
  declare scope: S
  /** What the application stores with the invitation; JSON. @default null */
  declare context: VisitorContext<S>
  declare readonly createdAt: CreationOptional<Date>
  declare readonly updatedAt: CreationOptional<Date>
  /** From then on the link opens nothing; a visit that has begun goes on. @default now + `tokenExpiry` */
  declare expiresAt: CreationOptional<Date>
  /** `false` closes the link and every visit made with it, at once. @default true */
  declare isActive: CreationOptional<boolean>
  /**
   * How long a visit lasts, in seconds from redeeming: more than 0, exactly that; 0, until the browser closes and a
   * day at most; `null`, as long as the host's session. @default the model's `sessionExpiry`
   */
  declare sessionExpiry: CreationOptional<number | null>
  /** How often the link can be redeemed; `null`: any number of times. @default null */
  declare maxUses: CreationOptional<number | null>
  /** How often it was. */
  declare readonly uses: CreationOptional<number>
  declare readonly lastUsedAt: CreationOptional<Date | null>
  /** When the link was last replaced; `null`: never. */
  declare readonly reissuedAt: CreationOptional<Date | null>
  /** A digest of whose click counted last, so that a double click counts once; `pending` before there is a link. */
  declare readonly confirmedBy: CreationOptional<string | null>
  /** A digest of the one-time code of self-service; `null`: there is none, or it was used. */
  declare codeHash: CreationOptional<string | null>
  /** How often a code was tried. */
  declare readonly codeAttempts: CreationOptional<number>
  /** Whether the person asked for the pass by self-service, rather than being invited. @default false */
  declare selfService: CreationOptional<boolean>

  /** First and last name, or whichever there is. */
  get fullName(): NonAttribute<string> {
    return `${this.firstName} ${this.lastName}`.trim()
  }

  get hasExpired(): NonAttribute<boolean> {
    return this.expiresAt.getTime() <= Date.now()
  }

  /** Whether the link would be let in now: active, not expired, not used up. */
  get isValid(): NonAttribute<boolean> {
    return this.invalidity() === undefined
  }

  /**
   * Asks whether the pass is valid. It shares its name with Sequelize's `validate(options)`, which runs the
   * validators of the fields: given options, as by `save()`, it does only that.
   *
   * @throws {InvalidVisitorPass} at once, with the `reason`, if the link would be refused now
   */
  override validate(options?: Parameters<Model['validate']>[0]): Promise<void> {
    const reason = options === undefined ? this.invalidity() : undefined
    if (reason !== undefined) throw new InvalidVisitorPass(reason)
    return super.validate(options)
  }

  /** Why the link would be refused now, if it would. */
  invalidity(): NonAttribute<InvalidVisitorPass['reason'] | undefined> {
    if (!this.isActive) return 'deactivated'
    if (this.maxUses !== null && this.uses >= this.maxUses) return 'used-up'
    if (this.hasExpired) return 'expired'
    return undefined
  }

  /**
   * A link that opens a visit: `url` with this pass's token in the query string.
   *
   * @param url absolute or relative; its other parameters, their order and the fragment are kept to the byte, and a
   *   token that is there already is replaced
   */
  tokenise(url: string): NonAttribute<string> {
    if (typeof url !== 'string') throw new InvalidOption('tokenise: url must be a string')
    const { codec, queryKey } = settingsOf(this)
    return withQuery(url, queryKey, codec.sign(this.uuid))
  }

  /** Closes the link and every visit made with it, from the next request on. */
  async deactivate(options: WriteOptions = {}): Promise<void> {
    await write(this, { isActive: false, confirmedBy: null }, 'deactivated', options)
  }

  /**
   * Opens the link again. Uses that were counted stay counted.
   *
   * @param expiresIn seconds from now @default the model's `tokenExpiry`
   * @throws {TypeError} if `expiresIn` is not a positive number
   */
  async reactivate(
    expiresIn: number = settingsOf(this).tokenExpiry,
    options: WriteOptions = {},
  ): Promise<void> {
    const expiresAt = inSeconds('reactivate', expiresIn)
    await write(this, { isActive: true, expiresAt }, 'reactivated', options)
  }

  /** How widely the link is used, by the visits since it was issued or reissued: read on the primary. Buffered visits are not in it. */
  async sharing({ transaction }: WriteOptions = {}): Promise<Sharing> {
    const sharing = await settingsOf(this).visits.sharing([this.id], { transaction })
    return sharing.get(this.id) ?? { ...UNUSED }
  }

  /**
   * Gives the pass a fresh link, to be made with {@link tokenise} and sent: open for `expiresIn`, and not used yet. The
   * old link is dead, and so is every visit that began by it. Of two at once the later one's link lives; after a
   * rollback, `reload()` before you make a link.
   *
   * @param expiresIn seconds from now @default the model's `tokenExpiry`
   * @throws {TypeError} if `expiresIn` is not a positive number
   */
  async reissue(expiresIn: number = settingsOf(this).tokenExpiry, options: WriteOptions = {}): Promise<void> {
    const expiresAt = inSeconds('reissue', expiresIn)
    const fresh = {
      uuid: randomUUID(),
      isActive: true,
      expiresAt,
      uses: 0,
      confirmedBy: null,
      codeHash: null,
    }
    await write(this, { ...fresh, reissuedAt: new Date() }, 'reissued', options)
  }

  /** For JSON responses and templates. Holds nothing of which a token could be made: no `uuid`. */
  override toJSON(): VisitorJson<S> {
    const { id, firstName, lastName, fullName, email, scope, context, createdAt, expiresAt, isActive } = this
    return { id, firstName, lastName, fullName, email, scope, context, createdAt, expiresAt, isActive }
  }
}

/** The settings of the model that a pass belongs to. */
export function settingsOf(visitor: Visitor): VisitorSettings {
  return (visitor.constructor as typeof Visitor)[visitorSettings]
}

/** Writes also what this instance has already: it may be stale, or its last change rolled back. */
async function write(
  visitor: Visitor,
  values: Partial<InferAttributes<Visitor>>,
  event: 'deactivated' | 'reactivated' | 'reissued',
  { transaction, req, actor }: WriteOptions,
): Promise<void> {
  for (const attribute of Object.keys(values)) visitor.changed(attribute as keyof typeof values, true)
  const update = (): Promise<Visitor> => visitor.update(values, { ...(transaction && { transaction }) })
  await (transaction ? update() : retryTransaction(update))
  announce((visitor.constructor as typeof Visitor).events, event, { visitor, req, actor }, transaction)
}

function inSeconds(caller: string, expiresIn: number): Date {
  if (Number.isFinite(expiresIn) && expiresIn > 0) return new Date(Date.now() + expiresIn * 1000)
  throw new InvalidOption(`${caller}: expiresIn must be a positive number of seconds`)
}
