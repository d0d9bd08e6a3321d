import { createHmac, timingSafeEqual } from 'node:crypto'
import type { Request, RequestHandler } from 'express'
import passport from 'passport'
import { Strategy } from 'passport-strategy'
import { stringify } from 'uuid'
import type { Contender } from './application.js'
import { NOT_FOUND, SECRET } from './settings.js'

/** A guest or a user. */
export interface Person {
  readonly id: number
  readonly username: string
  /** The creation time of the guest; `null` for a regular user. */
  readonly guestSince: Date | null
}

/** A pass. */
export interface Pass {
  readonly id: number
  readonly email: string
  readonly isActive: boolean
}

/** The queries of the pages, in as few statements as possible. */
export interface Queries {
  readonly createGuest: () => Promise<Person>
  readonly findPerson: (id: number) => Promise<Person | undefined>
  readonly findPass: (id: number) => Promise<Pass | undefined>
  readonly redeemPass: (uuid: string) => Promise<Pass | undefined>
}

interface VisitorRequest extends Request {
  pass?: Pass | undefined
}

declare module 'express-session' {
  interface SessionData {
    pass: number
  }
}

const MAX_AGE_MS = 14 * 24 * 60 * 60 * 1000

/**
 * The minimal hand-written code for the package's work: no options, no own errors, and no protection except against
 * forged tokens.
 */
export function handwrittenContender(queries: Queries): Contender {
  passport.use(new HandwrittenGuest(queries))
  passport.use(new HandwrittenVisitor(queries))
  passport.serializeUser((user, done) => {
    done(null, (user as Person).id)
  })
  passport.deserializeUser((id: number, done) => {
    queries.findPerson(id).then((person) => {
      done(null, person !== undefined && isCurrent(person) ? person : false)
    }, done)
  })
  return {
    authenticator: passport,
    admitGuest: passport.authenticate('handwritten-guest') as RequestHandler,
    admitVisitor: passport.authenticate('handwritten-visitor') as RequestHandler,
    username: (req) => (req.user as Person | undefined)?.username ?? NOT_FOUND,
    email: (req) => (req as VisitorRequest).pass?.email ?? NOT_FOUND,
  }
}

function isCurrent({ guestSince }: Person): boolean {
  return guestSince === null || guestSince.getTime() + MAX_AGE_MS > Date.now()
}

class HandwrittenGuest extends Strategy {
  readonly name = 'handwritten-guest'

  constructor(private readonly queries: Queries) {
    super()
  }

  override authenticate(req: Request): void {
    if (req.user !== undefined) {
      this.pass()
      return
    }
    this.queries.createGuest().then(
      (person) => {
        this.success(person)
      },
      (error: unknown) => {
        this.error(asError(error))
      },
    )
  }
}

class HandwrittenVisitor extends Strategy {
  readonly name = 'handwritten-visitor'

  constructor(private readonly queries: Queries) {
    super()
  }

  override authenticate(req: VisitorRequest): void {
    const token = req.query['vuid']
    const done = typeof token === 'string' ? this.redeem(req, token) : this.restore(req)
    done.catch((error: unknown) => {
      this.error(asError(error))
    })
  }

  private async restore(req: VisitorRequest): Promise<void> {
    const { pass: id } = req.session
    const pass = id === undefined ? undefined : await this.queries.findPass(id)
    if (pass?.isActive === true) req.pass = pass
    this.pass()
  }

  private async redeem(req: VisitorRequest, token: string): Promise<void> {
    const uuid = readToken(token)
    const pass = uuid === undefined ? undefined : await this.queries.redeemPass(uuid)
    if (pass === undefined) {
      this.pass()
      return
    }
    await settled((done) => req.session.regenerate(done))
    req.session.pass = pass.id
    await settled((done) => req.session.save(done))
    req.res?.set({ 'Cache-Control': 'no-store', 'Referrer-Policy': 'no-referrer' })
    this.redirect(req.originalUrl.split('?', 1)[0] ?? '/', 303)
  }
}

/** The package's own format: 16 bytes of UUID, 16 of HMAC. */
function readToken(token: string): string | undefined {
  const bytes = Buffer.from(token, 'hex')
  if (bytes.length !== 32) return undefined
  const uuid = bytes.subarray(0, 16)
  const mac = createHmac('sha256', SECRET).update('passport-ephemeral:visitor:token\0').update(uuid).digest()
  return timingSafeEqual(mac.subarray(0, 16), bytes.subarray(16)) ? stringify(uuid) : undefined
}

function settled(start: (done: (error?: unknown) => void) => unknown): Promise<void> {
  return new Promise((resolve, reject) => {
    start((error) => {
      if (error === undefined || error === null) resolve()
      else reject(asError(error))
    })
  })
}

function asError(error: unknown): Error {
  return error instanceof Error ? error : new Error('A value that is no Error was thrown', { cause: error })
}
