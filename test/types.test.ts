import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import express, { type Request, type RequestHandler } from 'express'
import passport from 'passport'
import {
  ensureGuest,
  ensureRegularUser,
  ensureVisitor,
  SCOPE_ANY,
  type GuestModel,
  type GuestStrategyOptions,
  type Visitor,
  type VisitorModelOptions,
  type VisitorScope,
} from '../src/index.js'
import type { User } from './support/application.js'
import { is, type Same } from './types/same.js'

/** What is compared here is checked by the compiler, when the suite is type-checked. */
const holds = <T extends true>(verdict?: T): T | undefined => verdict

describe('the types', () => {
  it('return the application’s own User type', () => {
    holds<Same<Awaited<ReturnType<GuestModel<User>['convert']>>, User>>()
    type Create = NonNullable<GuestStrategyOptions<User>['onCreate']>
    holds<Same<Parameters<Create>[0]['user'], User>>()
    const convert = (Guest: GuestModel<User>, user: User) =>
      Guest.convert(user, { username: 'fred', email: null })
    // @ts-expect-error -- not an attribute of User
    const typo = (Guest: GuestModel<User>, user: User) => Guest.convert(user, { usrname: 'fred' })
    // @ts-expect-error -- not the attribute's type
    const wrong = (Guest: GuestModel<User>, user: User) => Guest.convert(user, { username: 5 })
    assert.deepEqual([typeof convert, typeof typo, typeof wrong], ['function', 'function', 'function'])
  })

  it('declare the visitor of a request', () => {
    holds<Same<NonNullable<Request['visitor']>['scope'], Visitor['scope']>>()
    const read = (req: Request): string | undefined => req.visitor?.fullName
    assert.equal(read({} as Request), undefined)
  })

  // The types of an application that declares its scopes are tested in test/types/declared, a separate program.
  it('allow any scope and context in an application that declares none', () => {
    holds<Same<VisitorScope, string>>()
    holds<Same<Visitor['scope'], string>>()
    holds<Same<Visitor['context'], unknown>>()
    const any: RequestHandler[] = [ensureVisitor(String(1)), ensureVisitor(['ANYTHING', 'ELSE'])]
    const app = express()
    app.get('/', ensureVisitor('ANYTHING'), (req) => {
      is<Visitor>()(req.visitor)
    })
    app.get('/', ensureVisitor('ANYTHING', { bypass: () => true }), (req) => {
      is<Visitor | undefined>()(req.visitor)
    })
    assert.equal(any.length, 2)
  })

  it('accept a secret from the environment, and require a secret', () => {
    const fromEnvironment: VisitorModelOptions = { secret: process.env['VISITOR_SECRET'] }
    // @ts-expect-error -- the secret must be said, if only `false`
    const forgotten: VisitorModelOptions = {}
    assert.ok(!('secret' in forgotten) && 'secret' in fromEnvironment)
  })

  it('declare two guards that work with and without a call, and require a scope for ensureVisitor', () => {
    const handlers: RequestHandler[] = [
      ensureGuest,
      ensureGuest({ loginUrl: '/login' }),
      ensureRegularUser,
      ensureRegularUser({ convertUrl: '/convert' }),
      ensureVisitor(SCOPE_ANY),
      ensureVisitor(['A', 'B'], { logVisit: false }),
    ]
    assert.equal(handlers.length, 6)
    // @ts-expect-error -- without a scope
    assert.throws(() => ensureVisitor())
    // @ts-expect-error -- not an option of this guard
    assert.throws(() => ensureGuest({ convertUrl: '/convert' }))
  })

  it('are compatible with the types of Passport', () => {
    const register = (Guest: GuestModel<User>): void => {
      const authenticator = new passport.Passport()
      authenticator.serializeUser(Guest.serializeUser)
      authenticator.deserializeUser(Guest.deserializeUser)
    }
    assert.equal(register.length, 1)
  })
})
