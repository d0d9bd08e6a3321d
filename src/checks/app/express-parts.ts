import type { NextFunction, Request, Response } from 'express'

/** What stands in a layer of Express's: a middleware, a router, a route's dispatch, or a handler of errors. */
export type Handler = (...args: readonly unknown[]) => unknown

/** A layer of a router, of Express 4 or 5; the types of neither tell. */
export interface Layer {
  readonly handle: Handler
  readonly route?: Route | undefined
  /** Of a route's own layers. */
  readonly method?: string | undefined
  readonly match?: (path: string) => unknown
  /** Express 5: the path as it was written, in recent versions. */
  readonly rawPath?: unknown
  /** Express 5: whether every path matches. */
  readonly slash?: boolean
  /** Express 4. */
  readonly regexp?: RegExp & { readonly fast_slash?: boolean }
}

export interface Route {
  readonly path: unknown
  readonly stack: readonly Layer[]
  readonly methods: Readonly<Record<string, boolean>>
  readonly dispatch: (req: Request, res: Response, next: NextFunction) => void
}

/** A router, which is a function too. */
export interface RouterLike {
  readonly stack: readonly Layer[]
  readonly handle: (req: Request, res: Response, next: NextFunction) => void
}

/** An application, of which everything but the router is the same in Express 4 and 5. */
export interface ApplicationLike {
  readonly handle: (req: Request, res: Response, next?: NextFunction) => void
  readonly settings: Readonly<Record<string, unknown>>
  readonly _router?: RouterLike
  readonly router?: RouterLike
}

export function isRouter(value: unknown): value is RouterLike {
  if (typeof value !== 'function') return false
  const { stack, handle } = value as { readonly stack?: unknown; readonly handle?: unknown }
  return Array.isArray(stack) && typeof handle === 'function'
}

/** The router of an Express application, or `undefined` if it is something else. */
export function routerOf(app: unknown): RouterLike | undefined {
  if (typeof app !== 'function') return undefined
  const { handle, settings, _router } = app as unknown as Partial<ApplicationLike>
  if (typeof handle !== 'function' || typeof settings !== 'object') return undefined
  if (isRouter(_router)) return _router
  try {
    const router: unknown = Reflect.get(app, 'router') // Express 4 throws, and means that it has none yet
    return isRouter(router) ? router : undefined
  } catch {
    return undefined
  }
}
