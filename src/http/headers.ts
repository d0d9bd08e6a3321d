import type { Request } from 'express'

/** A header of the request, read from `headers`: the handshake of a WebSocket has no `req.get`. */
export function header(req: Request, name: string): string | undefined {
  const value = req.headers[name]
  return Array.isArray(value) ? value[0] : value
}

/**
 * A header in which a proxy has noted what it has changed, such as `x-forwarded-host`: what the first proxy wrote.
 * `undefined` unless the application's `trust proxy` trusts the one that sends the request, as any client can set it.
 */
export function forwardedHeader(req: Request, name: string): string | undefined {
  const trusts = settingOf(req, 'trust proxy fn') as ((address: string, hop: number) => boolean) | undefined
  if (trusts?.(req.socket.remoteAddress ?? '', 0) !== true) return undefined
  return header(req, name)?.split(',', 1)[0]?.trim()
}

/** A setting of the Express application that runs this request; `undefined` if Express does not run it. */
export function settingOf(req: Request, name: string): unknown {
  return (req as Partial<Request>).app?.get(name)
}
