import type { Request, Response } from 'express'

type End = (...given: unknown[]) => Response

/** What runs as an answer ends. */
interface AroundEnd {
  /** Called first. The answer waits for its promise, if there is one, which must not reject. */
  readonly before: () => Promise<void> | undefined
  readonly after: () => void
}

/**
 * Has an answer wait before it ends. What the application does meanwhile, such as a second `end()` or an error handler, changes
 * nothing, as if the answer had been sent. What is thrown then goes to the application's error handler, to be logged, and the
 * connection is closed.
 */
export function aroundEnd(req: Request, res: Response, { before, after }: AroundEnd): void {
  const end = res.end.bind(res) as End
  const write = res.write.bind(res) as (...given: unknown[]) => boolean
  let state: 'open' | 'waiting' | 'ended' = 'open'

  function finish(given: readonly unknown[]): Response {
    state = 'ended'
    const ended = end(...given)
    after()
    return ended
  }

  function finishLater(given: readonly unknown[], restoreHead: () => void): void {
    try {
      restoreHead()
      finish(given)
    } catch (error) {
      const next: unknown = Reflect.get(req, 'next')
      if (typeof next === 'function') Reflect.apply(next as (error: unknown) => void, undefined, [error])
      // express-session ends an answer once, so the error handler cannot send another one.
      res.socket?.destroy()
    }
  }

  Object.assign(res, {
    write: (...given: unknown[]): boolean => (state === 'waiting' ? false : write(...given)),
    end(...given: unknown[]): Response {
      if (state === 'waiting') return res
      if (state === 'ended') return end(...given)
      const waiting = before()
      if (waiting === undefined) return finish(given)
      state = 'waiting'
      // express-session passes no callback on.
      const callback = given.find((each) => typeof each === 'function')
      if (callback !== undefined) res.once('finish', callback as () => void)
      const rest = given.filter((each) => each !== callback)
      const restoreHead = keepHead(res)
      void waiting.then(() => {
        process.nextTick(finishLater, rest, restoreHead)
      })
      return res
    },
  })
}

/** Returns what puts status and headers back. */
function keepHead(res: Response): () => void {
  const { statusCode, statusMessage } = res
  const headers = res.getHeaders()
  return () => {
    if (res.headersSent) return
    Object.assign(res, { statusCode, statusMessage })
    for (const name of res.getHeaderNames()) if (!(name in headers)) res.removeHeader(name)
    for (const [name, value] of Object.entries(headers))
      if (value !== undefined && res.getHeader(name) !== value) res.setHeader(name, value)
  }
}
