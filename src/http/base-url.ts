import type { Request } from 'express'
import type { Rule } from '../options.js'
import { forwardedHeader, settingOf } from './headers.js'

/** Where the application lives to the outside, such as `https://example.com/app`; or a function that computes it. */
export type BaseUrl = string | ((req: Request) => string)

/** The setting of the Express application that has it for all parts: `app.set('baseUrl', 'https://example.com/app')`. */
const SETTING = 'baseUrl'

const A_BASE_URL = "an http(s) address without a query, such as 'https://example.com'"

export const aBaseUrl: Rule = {
  expected: `${A_BASE_URL}, or a function`,
  test: (value) => typeof value === 'function' || isBaseUrl(value),
}

/** What a router of this package was given instead of the setting. */
const ofRouter = new WeakMap<Request, BaseUrl>()

/** Has the rest of this request go by a router's own option `baseUrl`. */
export function setBaseUrl(req: Request, baseUrl: BaseUrl): void {
  ofRouter.set(req, baseUrl)
}

/** Where the application lives to the outside. The paths have no slash at their end. */
interface Place {
  /** Only if it is configured: a request's `Host` is its sender's choice. */
  readonly origin: string | undefined
  /** Where the application's own `/` is: what paths in options begin from. */
  readonly root: string
  /** What stands before `req.originalUrl`, because a proxy removes it. */
  readonly prefix: string
}

/** @throws {TypeError} if what is configured is no web address */
function placeOf(req: Request): Place {
  const own = ofRouter.get(req)
  const baseUrl = own ?? (settingOf(req, SETTING) as BaseUrl | undefined)
  if (baseUrl === undefined) {
    const prefix = forwardedPrefix(req)
    return { origin: undefined, root: prefix, prefix }
  }
  const url: unknown = typeof baseUrl === 'function' ? baseUrl(req) : baseUrl
  if (!isBaseUrl(url)) throw new TypeError(`baseUrl must be, or return, ${A_BASE_URL}`)
  const { origin, pathname } = new URL(url)
  const root = withoutSlash(pathname)
  const mount = own === undefined ? mountOf(req) : ''
  return { origin, root, prefix: root.endsWith(mount) ? root.slice(0, root.length - mount.length) : root }
}

/**
 * The prefix that a trusted proxy has removed. Only a plain path is taken from the header: it stands at the beginning of
 * redirects.
 */
function forwardedPrefix(req: Request): string {
  const prefix = forwardedHeader(req, 'x-forwarded-prefix') ?? ''
  return /^(?:\/[\w~-][\w.~-]*)+\/?$/.test(prefix) ? withoutSlash(prefix) : ''
}

/** An Express application, as far as its types leave it out. */
interface MountedApplication {
  readonly settings: object
  readonly parent?: MountedApplication
  readonly path: () => string
}

/** Where the application that has the setting is mounted below another one: Express has that path in its addresses. */
function mountOf(req: Request): string {
  let app: MountedApplication | undefined = req.app
  while (app !== undefined && !Object.hasOwn(app.settings, SETTING)) app = app.parent
  return app?.path() ?? ''
}

/** The application's origin to the outside, if it is configured. */
export function publicOrigin(req: Request): string | undefined {
  return placeOf(req).origin
}

/** The path that stands before `req.originalUrl` and `req.baseUrl` to the outside: `''`, or `/app`. */
export function prefixOf(req: Request): string {
  return placeOf(req).prefix
}

/** An address of an option such as `loginUrl`, for the outside: paths begin where the application lives. */
export function publicUrl(req: Request, url: string): string {
  return /^\/(?!\/)/.test(url) ? placeOf(req).root + url : url
}

/**
 * What stands before `req.originalUrl` in the link of a message.
 *
 * @throws {TypeError} if it is not configured
 */
export function requireBaseUrl(req: Request, who: string): string {
  const { origin, prefix } = placeOf(req)
  if (origin !== undefined) return origin + prefix
  throw new TypeError(
    `${who}: give it baseUrl, or the application: app.set('baseUrl', 'https://example.com')`,
  )
}

function withoutSlash(path: string): string {
  return path.replace(/\/+$/, '')
}

function isBaseUrl(url: unknown): url is string {
  if (typeof url !== 'string' || !URL.canParse(url)) return false
  const { protocol, pathname, search, hash, username, password } = new URL(url)
  return (
    /^https?:$/.test(protocol) && !pathname.startsWith('//') && search + hash + username + password === ''
  )
}
