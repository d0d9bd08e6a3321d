import { parse } from 'cookie'
import type { Request } from 'express'
import { keepOutOfSharedCaches } from './caching.js'
import { cookieLikeSession, requireSession, sessionOf } from './session.js'

/** Signs what passes through a browser and must come back as it was. Each seal has one purpose. */
export interface Seal {
  sign: (content: Uint8Array) => Buffer
  isGenuine: (content: Uint8Array, signature: Uint8Array) => boolean
}

/** A cookie of ours whose content is believed only with our signature, and only until it expires. */
export interface SignedCookie {
  readonly name: string
  readonly seal: Seal
  /** Seconds. The expiry is part of what is signed: a client that keeps cookies for longer gains nothing. */
  readonly lifetime: number
  /** Whether a browser that is closed before that is to forget it. @default false */
  readonly untilBrowserCloses?: boolean
  /** Below which path the browser sends it. @default that of the session's cookie */
  readonly path?: string
  /** What else must be the same when it comes back, such as the client; it is signed, and not sent. */
  readonly context: string
}

/** How long a cookie lasts, and how far it goes. */
interface Reach {
  /** @default until the browser closes */
  readonly seconds?: number | undefined
  /** @default that of the session's cookie */
  readonly path?: string | undefined
}

/** Sets a cookie that goes as far as the session's. No shared cache keeps the answer. */
export function giveCookie(req: Request, name: string, value: string, { seconds, path }: Reach = {}): void {
  keepOutOfSharedCaches(req.res)
  req.res?.cookie(name, value, {
    ...cookieLikeSession(req, sessionOf(req) ?? {}),
    ...(seconds !== undefined && { maxAge: seconds * 1000 }),
    ...(path !== undefined && { path }),
  })
}

/** Has the browser forget a cookie that {@link giveCookie} has set. */
export function dropCookie(req: Request, name: string): void {
  if (req.res?.headersSent !== false) return
  keepOutOfSharedCaches(req.res)
  req.res.clearCookie(name, cookieLikeSession(req, requireSession(req, `the cookie '${name}'`)))
}

/** All cookies of one name: a sister domain can set one of the same name beside ours. */
export function cookiesNamed(req: Request, name: string): string[] {
  return (req.headers.cookie ?? '').split(';').flatMap((pair) => parse(pair)[name] ?? [])
}

/** Sets `<content>.<expiry>.<signature>`; the content must be of letters, digits, `-` and `_`. */
export function giveSignedCookie(req: Request, cookie: SignedCookie, content: string): void {
  const expiry = (Math.ceil(Date.now() / 1000) + cookie.lifetime).toString(36)
  const signature = cookie.seal.sign(signedPart(cookie, content, expiry)).toString('base64url')
  const seconds = cookie.untilBrowserCloses === true ? undefined : cookie.lifetime
  giveCookie(req, cookie.name, `${content}.${expiry}.${signature}`, { seconds, path: cookie.path })
}

/** The content of the first such cookie that is genuine and has not expired. */
export function readSignedCookie(req: Request, cookie: Omit<SignedCookie, 'lifetime'>): string | undefined {
  return readSignedCookies(req, cookie)[0]
}

/** The content of each: a sister domain can set one of another browser beside ours, which is genuine too. */
export function readSignedCookies(req: Request, cookie: Omit<SignedCookie, 'lifetime'>): string[] {
  return cookiesNamed(req, cookie.name).flatMap((value) => {
    const [, content, expiry, signature] = /^([\w-]+)\.([0-9a-z]{1,9})\.([\w-]+)$/.exec(value) ?? []
    if (content === undefined || expiry === undefined || signature === undefined) return []
    const isGenuine = cookie.seal.isGenuine(
      signedPart(cookie, content, expiry),
      Buffer.from(signature, 'base64url'),
    )
    return isGenuine && parseInt(expiry, 36) * 1000 > Date.now() ? [content] : []
  })
}

function signedPart(
  { name, context }: Omit<SignedCookie, 'lifetime'>,
  content: string,
  expiry: string,
): Buffer {
  return Buffer.from([name, content, expiry, context].join('\0'))
}
