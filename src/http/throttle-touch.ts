import { InvalidOption } from '../invalid-option.js'
import { checkOptions, positiveSeconds } from '../options.js'

/** Options of {@link throttleTouch}. */
export interface ThrottleTouchOptions {
  /**
   * The time between two touches of a session, in seconds. If the cookie's `maxAge` is less than ten times that, it is a
   * tenth of `maxAge`.
   * @default 60
   */
  every?: number
}

/** What the stores of express-session write a session by. */
type Write = (id: string, session: WrittenSession, done?: (...results: unknown[]) => void) => unknown

interface WrittenSession {
  readonly cookie?: {
    readonly expires?: Date | string | boolean | null
    readonly originalMaxAge?: number | null
  }
}

/** The last write of a session by this process. */
interface Written {
  /** The end of the session that it wrote, in milliseconds since the epoch. */
  readonly end: number
}

/** Sessions whose last write is remembered: about 20 MB at most. The next touch of a session that was pushed out is sent. */
const REMEMBERED = 100_000

/**
 * Has a session store of express-session touch each session at most every so many seconds, instead of at every request: a
 * touch is one statement or command, and the response waits for it. A touch that is left out moves the session's end in the
 * store by less than `every`, so the store deletes no session that was used more recently than the cookie's `maxAge` less
 * `every`. Every process remembers its own touches. A store without `touch` is left as it is.
 *
 * @example
 * app.use(session({ store: throttleTouch(new PgStore({ pool })), rolling: true, cookie: { maxAge }, … }))
 *
 * @param store is changed
 * @returns the same store
 * @throws {TypeError} if it is no session store, or naming the option that is wrong
 */
export function throttleTouch<S extends { set: (...args: never[]) => unknown }>(
  store: S,
  options: ThrottleTouchOptions = {},
): S {
  checkOptions('throttleTouch', options, { every: positiveSeconds })
  const { set, touch } = store as unknown as { set?: Write; touch?: Write }
  if (typeof set !== 'function')
    throw new InvalidOption('throttleTouch: store must be a session store, with the function set')
  if (typeof touch !== 'function') return store
  const { every = 60 } = options
  const writes = new Map<string, Written>()

  function remember(id: string, write: Written): void {
    writes.delete(id)
    // A copy: a part of the Cookie header would keep all of it in memory.
    writes.set(Buffer.from(id).toString(), write)
    for (const oldest of writes.keys()) {
      if (writes.size <= REMEMBERED) break
      writes.delete(oldest)
    }
  }

  function remembering(write: Write): Write {
    return function rememberedWrite(id, session, done) {
      if (done === undefined) {
        // Only the caller learns whether it fails.
        writes.delete(id)
        return write.call(store, id, session)
      }
      const before = writes.get(id)
      const end = endOf(session)
      return write.call(store, id, session, (...results) => {
        const meanwhile = writes.get(id)
        if (results[0]) writes.delete(id)
        else if (meanwhile === before) remember(id, { end })
        // Of two writes at once, either can be the last.
        else remember(id, { end: Math.min(end, meanwhile?.end ?? -Infinity) })
        done(...results)
      })
    }
  }

  const rememberedTouch = remembering(touch)
  const throttledTouch: Write = (id, session, done) => {
    // Not the time of the last write: `req.session.save()` in a handler stores the end that the request before had.
    const leftOut = endOf(session) - (writes.get(id)?.end ?? -Infinity)
    const isRecent = leftOut >= 0 && leftOut < Math.min(every * 1000, longestGap(session))
    return isRecent ? done?.() : rememberedTouch(id, session, done)
  }
  throttledStores.add(store)
  return Object.assign(store, { set: remembering(set), touch: throttledTouch })
}

const throttledStores = new WeakSet()

/** Whether {@link throttleTouch} was given this store. */
export function isTouchThrottled(store: object): boolean {
  return throttledStores.has(store)
}

/** Without a date, stores count their own time to live from the write on. */
function endOf({ cookie }: WrittenSession): number {
  const { expires } = cookie ?? {}
  return expires instanceof Date || typeof expires === 'string' ? new Date(expires).getTime() : Date.now()
}

/** Milliseconds. With more, a session of a short `maxAge` would end while it is in use. */
function longestGap({ cookie }: WrittenSession): number {
  return (cookie?.originalMaxAge ?? Infinity) / 10
}
