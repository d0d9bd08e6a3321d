import type { Request } from 'express'
import { EphemeralError } from '../errors.js'
import { InvalidOption } from '../invalid-option.js'
import type { Rule } from '../options.js'
import { forwardedHeader, settingOf } from './headers.js'

/** Where the application lives to the outside, such as `https://example.com/app`; or a function that computes it. */
export type BaseUrl = string | ((req: Request) => string)

/** A message or a page needs the application's address to the outside, and it is not configured. */
export class BaseUrlRequired extends EphemeralError {
  static override readonly code = 'ERR_BASE_URL_REQUIRED'
  override readonly status = 500

  constructor(who: string) {
    super(
      `${who} sends links, and does not know where the application lives: app.set('baseUrl', 'https://example.com'), or its ` +
        "own option baseUrl if it has one. The Host header is its sender's choice, and is never used",
    )
  }
}

/** The setting of the Express application that has it for all parts: `app.set('baseUrl', 'https://example.com/app')`. */
const SETTING = 'baseUrl'

const A_BASE_URL = "an absolute http(s) address without a query, such as 'https://example.com/app'"

/** For a path alone, a proxy's header can do without the setting. */
const PATH_ALONE = 'a path alone: a proxy that removes it can send it as X-Forwarded-Prefix instead'

export const aBaseUrl: Rule = {
  expected: `${A_BASE_URL}, or a function`,
  test: (value) => typeof value === 'function' || isBaseUrl(value),
  describe: describeUrl,
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
  if (!isBaseUrl(url)) {
    const what = describeUrl(url)
    throw new InvalidOption(
      `baseUrl must be, or return, ${A_BASE_URL}${what === undefined ? '' : `, not ${what}`}`,
    )
  }
  const { origin, pathname } = new URL(url)
  const root = withoutSlash(pathname)
  const mount = own === undefined ? mountOf(req) : (req.app as unknown as MountedApplication).path()
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

/** Whether the application declares where it lives to the outside. */
export function hasBaseUrl(req: Request): boolean {
  return settingOf(req, SETTING) !== undefined
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
 * @throws {BaseUrlRequired} if it is not configured
 */
export function requireBaseUrl(req: Request, who: string): string {
  const { origin, prefix } = placeOf(req)
  if (origin !== undefined) return origin + prefix
  throw new BaseUrlRequired(who)
}

function describeUrl(url: unknown): string | undefined {
  return typeof url === 'string' && url.startsWith('/') ? PATH_ALONE : undefined
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
