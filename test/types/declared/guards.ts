/** Compiled, never run: what must compile, and by `@ts-expect-error` what must not. */
import express, { Router, type Request, type RequestHandler } from 'express'
import passport from 'passport'
import {
  ensureGuest,
  ensureVisitor,
  isVisitor,
  SCOPE_ANY,
  type EnsureVisitorOptions,
  type Visitor,
  type VisitorScope,
} from 'passport-ephemeral'
import { is } from '../same.js'

declare const dynamic: VisitorScope
declare const options: EnsureVisitorOptions
declare const plain: RequestHandler
declare const withParams: RequestHandler<{ id: string }>
declare const withBody: RequestHandler<{ id: string }, { ok: boolean }, { b: 1 }>
const app = express()

type Reference = Visitor<'REFERENCE_REQUEST'>
type Interview = Visitor<'INTERVIEW'>

// Scopes
ensureVisitor(['REFERENCE_REQUEST', 'INTERVIEW'])
ensureVisitor(['INTERVIEW', SCOPE_ANY])
ensureVisitor(dynamic)
// @ts-expect-error -- a scope with a typo
ensureVisitor('REFERNCE')
// @ts-expect-error -- a typo among others
ensureVisitor(['REFERNCE', 'INTERVIEW'])
// @ts-expect-error -- any string
ensureVisitor(String(1))
// @ts-expect-error -- not an option
ensureVisitor('INTERVIEW', { logVisits: false })

// What a handler behind the guard sees
app.get('/', ensureVisitor('REFERENCE_REQUEST'), (req, res) => {
  is<Reference>()(req.visitor)
  is<string>()(req.visitor.context.about)
  is<{ about: string }>()(req.visitor.toJSON().context)
  res.locals['anything'] = 1
  // @ts-expect-error -- of another context
  res.json(req.visitor.context.candidate)
})
app.get('/', ensureVisitor(['REFERENCE_REQUEST', 'INTERVIEW']), (req) => {
  is<Reference | Interview>()(req.visitor)
  if (req.visitor.scope === 'INTERVIEW') is<number>()(req.visitor.context.candidate)
  else is<string>()(req.visitor.context.about)
})
app.get('/', ensureVisitor(SCOPE_ANY), (req) => is<Visitor>()(req.visitor))
app.get('/', ensureVisitor('DEMO'), (req) => is<null>()(req.visitor.context))
app.get('/', ensureVisitor('DEMO', { selfService: true }), (req) => is<null>()(req.visitor.context))
app.get('/', ensureVisitor('INTERVIEW', { bypass: (req) => req.isAuthenticated() }), (req) => {
  is<Interview | undefined>()(req.visitor)
})
app.get('/', ensureVisitor('INTERVIEW', options), (req) => is<Interview | undefined>()(req.visitor))
app.get('/', (req) => is<Visitor | undefined>()(req.visitor))

// What else stands in a route
app.get('/:id', ensureVisitor('INTERVIEW'), (req) => {
  is<string>()(req.params.id)
  is<Interview>()(req.visitor)
})
app.get('/', ensureVisitor(SCOPE_ANY), ensureVisitor('INTERVIEW'), (req) => is<Interview>()(req.visitor))
app.get('/', ensureGuest, ensureVisitor('INTERVIEW'), plain, (req) => is<Interview>()(req.visitor))
app.get('/', passport.authenticate('guest'), ensureVisitor('INTERVIEW'), (req) => {
  is<Interview>()(req.visitor)
})
app.get('/:id', ensureVisitor('INTERVIEW'), withParams)
app.post('/:id', express.json(), ensureVisitor('INTERVIEW'), withBody)
app.get('/', [ensureVisitor('INTERVIEW'), ensureGuest], plain)
app.use('/', ensureVisitor('INTERVIEW'), Router())
app.use(ensureVisitor('INTERVIEW'))
app.route('/').get(ensureVisitor('INTERVIEW'), plain)
const guard: RequestHandler = ensureVisitor('INTERVIEW')
app.get('/', guard, ensureVisitor('INTERVIEW'), (req) => is<Interview>()(req.visitor))

// A request that was asked
export function greet(req: Request): string {
  if (isVisitor(req, 'INTERVIEW')) return String(is<Interview>()(req.visitor).context.candidate)
  // @ts-expect-error -- a scope with a typo
  isVisitor(req, 'INTERVEW')
  return isVisitor(req) ? is<Visitor>()(req.visitor).fullName : ''
}

// Elsewhere, `scope` tells the visitors apart
export function candidateOf(req: Request): number | undefined {
  is<Visitor | undefined>()(req.visitor)
  // @ts-expect-error -- no such scope
  if (req.visitor?.scope === 'REFERNCE') return 0
  return req.visitor?.scope === 'INTERVIEW' ? req.visitor.context.candidate : undefined
}
