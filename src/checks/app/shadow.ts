import type { NextFunction, Request, Response } from 'express'
import { modelOf } from '../../visitor/session.js'
import { markOf } from '../../http/mark.js'
import type { ApplicationLike, Handler, Layer, RouterLike } from './express-parts.js'
import type { Step } from './outline.js'

/** What a request did on its way through a shadow. */
export interface Trail {
  /** The steps that it is in, or was left in. */
  readonly open: Set<Step>
  /** What was first handed to an error handler, or thrown. */
  error?: unknown
  /** Whether a step was passed by, so that what came after met less than it would have. */
  isShortened: boolean
}

/**
 * The same application for one request that is watched: its layers are copied, not changed, and other requests know
 * nothing of it.
 */
export function shadowOf(app: ApplicationLike, steps: readonly Step[], trail: Trail): ApplicationLike {
  const router = app._router ?? app.router
  if (router === undefined) return app
  const shadow = shadowRouter(router, steps, trail)
  return Object.create(app, {
    router: { value: shadow },
    _router: { value: app._router === undefined ? undefined : shadow },
  }) as ApplicationLike
}

function shadowRouter(router: RouterLike, steps: readonly Step[], trail: Trail): RouterLike {
  return Object.create(router, {
    stack: { value: steps.map((step) => shadowLayer(step, trail)) },
  }) as RouterLike
}

function shadowLayer(step: Step, trail: Trail): Layer {
  const handle = watched(step, trail)
  return Object.create(step.layer, { handle: { value: handle, writable: true } }) as Layer
}

/** A layer's handle that notes what the request looks like when it goes in, and when it comes out. */
function watched(step: Step, trail: Trail): Handler {
  const { handler } = step
  if (handler.length > 3) return handler // of errors, not of requests
  const run = insideOf(step, trail)

  return function watchedHandler(req, res, next) {
    const request = req as Request
    const goOn = next as NextFunction
    if (makesGuests(step)) {
      trail.isShortened = true
      goOn()
      return undefined
    }
    const hadSession = hasSession(request)
    const hadModel = modelOf(request) !== undefined
    const stopCounting = countPassport(request, step)
    trail.open.add(step)
    const out = (error?: unknown): void => {
      if (!trail.open.has(step)) {
        goOn(error) // for the second time; what comes of it is the application's
        return
      }
      stopCounting()
      trail.open.delete(step)
      noteError(trail, error)
      step.seen.passed = true
      step.seen.broughtSession ||= !hadSession && hasSession(request)
      step.seen.broughtVisitor ||= !hadModel && modelOf(request) !== undefined
      goOn(error)
    }
    try {
      const result = run(request, res as Response, out as NextFunction)
      if (result instanceof Promise) {
        result.catch((error: unknown) => {
          noteError(trail, error)
        })
      }
      return result
    } catch (error) {
      noteError(trail, error)
      throw error
    }
  }
}

type Run = (req: Request, res: Response, next: NextFunction) => unknown

/** What the layer runs: itself, or the shadow of what is inside it. */
function insideOf(step: Step, trail: Trail): Run {
  const { route, known, handler, inside } = step
  if (route !== undefined) {
    const stack = inside.map((inner) => shadowLayer(inner, trail))
    const shadow = Object.create(route, { stack: { value: stack } }) as typeof route
    return (req, res, next) => {
      route.dispatch.call(shadow, req, res, next)
    }
  }
  if (known.kind === 'router' && inside.length > 0) {
    const shadow = shadowRouter(known.router, inside, trail)
    return (req, res, next) => {
      known.router.handle.call(shadow, req, res, next)
    }
  }
  if (known.kind === 'application' && inside.length > 0) {
    const app = known.app as ApplicationLike
    const shadow = shadowOf(app, inside, trail)
    return (req, res, next) => {
      // Express gives a request back to the outer application so, and its types leave it out.
      const outer = req.app as unknown as { readonly request: object; readonly response: object }
      app.handle.call(shadow, req, res, (error?: unknown) => {
        Object.setPrototypeOf(req, outer.request)
        Object.setPrototypeOf(res, outer.response)
        next(error)
      })
    }
  }
  return handler as Run
}

/** A probe is nobody: no users row must come of it. */
function makesGuests({ known }: Step): boolean {
  return (
    known.kind === 'authenticate' &&
    known.by.strategies.some((strategy) => markOf(strategy)?.name === 'GuestStrategy')
  )
}

function hasSession(req: Request): boolean {
  const session: unknown = Reflect.get(req, 'session')
  return typeof session === 'object' && session !== null
}

/** Every middleware of Passport's sets this, each time, to whose it is. */
const MANAGER = '_sessionManager'

/** Notes on a step if Passport is used in it. Steps that are in one another are noted from the inmost on. */
function countPassport(req: Request, step: Step): () => void {
  const outer = Object.getOwnPropertyDescriptor(req, MANAGER)
  const held: { manager: unknown } = { manager: Reflect.get(req, MANAGER) }
  Object.defineProperty(req, MANAGER, {
    configurable: true,
    enumerable: true,
    get: () => held.manager,
    set(manager: unknown) {
      held.manager = manager
      step.seen.usedPassport = true
    },
  })
  return () => {
    const { manager } = held
    if (outer?.set === undefined) {
      Object.defineProperty(req, MANAGER, {
        value: manager,
        configurable: true,
        enumerable: true,
        writable: true,
      })
      return
    }
    Object.defineProperty(req, MANAGER, outer)
    if (step.seen.usedPassport) Reflect.set(req, MANAGER, manager)
  }
}

function noteError(trail: Trail, error: unknown): void {
  if (error === undefined || error === null || error === 'route' || error === 'router') return
  trail.error ??= error
}
