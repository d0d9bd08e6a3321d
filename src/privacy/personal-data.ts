import type { UserId } from '../guest/user-key.js'
import type { Visitor, VisitorJson } from '../visitor/visitor.js'
import { visitLogOf } from '../visitor/visits/visitor-log.js'
import { personOf, rowsOf, type PersonModels, type PersonOptions } from './person.js'

/** What the package stores about one address. No token, password or session id is part of it. */
export interface PersonalData {
  readonly passes: readonly PersonalPass[]
  /** Conversions that wait until this address is verified. */
  readonly pendingConversions: readonly {
    readonly userId: UserId
    readonly email: string
    readonly createdAt: Date
    readonly expiresAt: Date
  }[]
}

/** A pass with its visits. */
export interface PersonalPass extends VisitorJson {
  readonly uses: number
  readonly lastUsedAt: Date | null
  readonly reissuedAt: Date | null
  readonly selfService: boolean
  readonly visits: readonly {
    readonly createdAt: Date
    readonly method: string
    readonly path: string
    readonly status: number
    readonly userAgent: string
    readonly referrer: string
    readonly ip: string
    readonly outcome: string
  }[]
}

/**
 * Collects what is stored about an e-mail address, for the answer to a request for access or portability (GDPR articles 15 and 20).
 * It can be serialised to JSON. What the application's own tables store is not part of it, nor what a guest's users row holds.
 *
 * @example
 * res.json(await personalData({ Guest, Visitor }, { email: 'ginger@example.com' }))
 *
 * @throws {TypeError} naming the option that is wrong
 * @throws the database's error
 */
export async function personalData(models: PersonModels, options: PersonOptions): Promise<PersonalData> {
  const person = personOf('personalData', models, options)
  const { Passes, Pending } = person
  const described: PersonalPass[] = []
  if (Passes !== undefined) {
    await visitLogOf(Passes).flush()
    for (const pass of await rowsOf(Passes, person)) described.push(await describe(Passes, pass))
  }
  const pending = Pending === undefined ? [] : await rowsOf(Pending, person)
  return {
    passes: described,
    pendingConversions: pending.map(({ userId, email, createdAt, expiresAt }) => ({
      userId,
      email,
      createdAt,
      expiresAt,
    })),
  }
}

async function describe(Passes: typeof Visitor, pass: Visitor): Promise<PersonalPass> {
  const visits = await visitLogOf(Passes).findAll({
    where: { visitorId: pass.id },
    order: ['id'],
    raw: false,
  })
  const { uses, lastUsedAt, reissuedAt, selfService } = pass
  return {
    ...pass.toJSON(),
    uses,
    lastUsedAt,
    reissuedAt,
    selfService,
    visits: visits.map(({ createdAt, method, path, status, userAgent, referrer, ip, outcome }) => ({
      createdAt,
      method,
      path,
      status,
      userAgent,
      referrer,
      ip,
      outcome,
    })),
  }
}
