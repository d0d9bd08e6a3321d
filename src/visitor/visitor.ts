import {
  Model,
  type CreationOptional,
  type InferAttributes,
  type InferCreationAttributes,
  type NonAttribute,
  type Transaction,
} from 'sequelize'
import { InvalidVisitorPass } from '../errors.js'
import type { Rule } from '../options.js'
import { withQuery } from '../web/query.js'
import type { TokenCodec } from './token.js'
import type { VisitorLog } from './visitor-log.js'

declare global {
  // eslint-disable-next-line @typescript-eslint/no-namespace -- the way in which Express's types are extended
  namespace Express {
    // eslint-disable-next-line @typescript-eslint/no-empty-object-type -- merges the pass into `req.visitor`
    interface Visitor extends VisitorPrincipal {}
  }
}

/** The pass, as `req.visitor` has it. */
type VisitorPrincipal = Visitor

/** Anything that JSON can say. */
export type VisitorContext = object | string | number | boolean | null

/** What a pass shows of itself in JSON. */
export type VisitorJson = Pick<
  Visitor,
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

/** What `defineVisitorModels` was told, as the passes need it. */
export interface VisitorSettings {
  readonly codec: TokenCodec
  readonly queryKey: string
  /** Seconds. */
  readonly tokenExpiry: number
  readonly preparedStatements: boolean
  readonly anonymizeIp: boolean
  readonly VisitorLog: typeof VisitorLog
}

/** Where a defined model keeps its settings; subclasses and `Visitor.schema(…)` inherit them. */
export const visitorSettings: unique symbol = Symbol('passport-ephemeral.visitorSettings')

/** Tells a model that `defineVisitorModels` returned. */
export const visitorModel: Rule = {
  expected: 'the Visitor model that defineVisitorModels returned',
  test: (value) => typeof value === 'function' && visitorSettings in value,
}

/** How a method that writes meets the database. */
export interface WriteOptions {
  /** The caller's transaction. Without one, the statement stands alone. */
  readonly transaction?: Transaction | undefined
}

/**
 * A visitor pass: the stored invitation. Made by `Visitor.create({ email, scope, … })`, sent as
 * `pass.tokenise(url)`, redeemed by `VisitorTokenStrategy`.
 */
export class Visitor extends Model<InferAttributes<Visitor>, InferCreationAttributes<Visitor>> {
  declare static readonly [visitorSettings]: VisitorSettings

  declare readonly id: CreationOptional<number>
  /** Half of the link's token; the other half is the secret. */
  declare uuid: CreationOptional<string>
  /** At most 150 characters. @default '' */
  declare firstName: CreationOptional<string>
  /** At most 150 characters. @default '' */
  declare lastName: CreationOptional<string>
  declare email: string
  /** Why they are here: what `ensureVisitor(scope)` compares. At most 100 characters. */
  declare scope: string
  /** Whatever the application wants to remember with the invitation; JSON. @default null */
  declare context: VisitorContext
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
  /** Whether its holder asked for it, rather than being invited. @default false */
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
    if (this.hasExpired) return 'expired'
    if (this.maxUses !== null && this.uses >= this.maxUses) return 'used-up'
    return undefined
  }

  /**
   * A link that lets its holder in: `url` with this pass's token in the query string.
   *
   * @param url absolute or relative; its other parameters, their order and the fragment are kept to the byte, and a
   *   token that is there already is replaced
   */
  tokenise(url: string): NonAttribute<string> {
    if (typeof url !== 'string') throw new TypeError('tokenise: url must be a string')
    const { codec, queryKey } = settingsOf(this)
    return withQuery(url, queryKey, codec.sign(this.uuid))
  }

  /** Closes the link and every visit made with it, from the next request on. */
  async deactivate({ transaction }: WriteOptions = {}): Promise<void> {
    this.changed('isActive', true) // this instance may be stale, or its last change rolled back
    await this.update({ isActive: false }, { ...(transaction && { transaction }) })
  }

  /**
   * Opens the link again. Uses that were counted stay counted.
   *
   * @param expiresIn seconds from now @default the model's `tokenExpiry`
   * @throws {TypeError} if `expiresIn` is not a positive number
   */
  async reactivate(
    expiresIn: number = settingsOf(this).tokenExpiry,
    { transaction }: WriteOptions = {},
  ): Promise<void> {
    if (!(Number.isFinite(expiresIn) && expiresIn > 0)) {
      throw new TypeError('reactivate: expiresIn must be a positive number of seconds')
    }
    const expiresAt = new Date(Date.now() + expiresIn * 1000)
    this.changed('isActive', true)
    await this.update({ isActive: true, expiresAt }, { ...(transaction && { transaction }) })
  }

  /** For JSON responses and templates. Holds nothing of which a token could be made: no `uuid`. */
  override toJSON(): VisitorJson {
    const { id, firstName, lastName, fullName, email, scope, context, createdAt, expiresAt, isActive } = this
    return { id, firstName, lastName, fullName, email, scope, context, createdAt, expiresAt, isActive }
  }
}

/** The settings of the model that a pass belongs to. */
export function settingsOf(visitor: Visitor): VisitorSettings {
  return (visitor.constructor as typeof Visitor)[visitorSettings]
}
