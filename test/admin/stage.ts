import type { Request } from 'express'
import type supertest from 'supertest'
import { adminRouter, type AdminRouterOptions } from '../../src/admin/index.js'
import { startApplication, type TestApp, type TestAppOptions } from '../support/application.js'

/** An application with the operator's pages at /admin: for `staff`, and for `trainee`, who may look only. */
export interface AdminStage extends TestApp {
  /** A browser in which this user is logged in. */
  readonly as: (username: string) => Promise<AdminBrowser>
}

export interface AdminBrowser {
  readonly get: (path: string) => supertest.Test
  /** Posts a form of the page that `from` names, with its CSRF token. */
  readonly post: (path: string, fields?: object, from?: string) => Promise<supertest.Response>
  /** Posts these fields alone. */
  readonly send: (path: string, fields: object) => supertest.Test
}

export function mayEnter(req: Request): boolean | 'readOnly' {
  const name = (req.user as { username?: string } | undefined)?.username
  return name === 'trainee' ? 'readOnly' : name === 'staff'
}

export async function startAdmin(
  options: Partial<AdminRouterOptions> = {},
  application: TestAppOptions = {},
): Promise<AdminStage> {
  const app = await startApplication({
    ...application,
    routes: (express, { Guest, Visitor, VisitorLog, ...context }) => {
      if (express.get('baseUrl') === undefined) express.set('baseUrl', () => context.origin)
      application.routes?.(express, { Guest, Visitor, VisitorLog, ...context })
      express.use('/admin', adminRouter({ Guest, Visitor, VisitorLog, authorize: mayEnter, ...options }))
    },
  })
  for (const username of ['staff', 'trainee', 'customer']) await app.User.create({ username })
  return {
    ...app,
    async as(username) {
      const browser = app.browser()
      await browser.post('/login').type('form').send({ username, password: 'any' }).expect(200)
      const send = (path: string, fields: object): supertest.Test =>
        browser.post(path).type('form').send(fields)
      return {
        get: (path) => browser.get(path).set('Accept', 'text/html'),
        send,
        async post(path, fields = {}, from = '/admin') {
          const page = await browser.get(from)
          const replaces = path.endsWith('/reissue') ? replacesIn(page) : undefined
          return await send(path, { [CSRF_FIELD]: csrfIn(page), replaces, ...untilIn(page), ...fields })
        },
      }
    },
  }
}

/** The field in which a form has its token. */
export const CSRF_FIELD = 'page-token'

/** The token of a page's forms. */
export function csrfIn({ text }: { readonly text: string }): string {
  return /name="page-token"\s+value="([^"]+)"/.exec(text)?.[1] ?? ''
}

/** The name of the link that the form of a pass's page replaces. */
export function replacesIn({ text }: { readonly text: string }): string {
  return /name="replaces"\s+value="([^"]+)"/.exec(text)?.[1] ?? ''
}

/** Until when the passes on a page are open, as its forms name it. */
export function untilIn({ text }: { readonly text: string }): Record<string, string> {
  const fields = text.matchAll(/name="(until-\d+)"\s+value="(\d+)"/g)
  return Object.fromEntries(Array.from(fields, ([, name = '', value = '']) => [name, value]))
}

/** The text of a page as it is read, without its style sheet and tags. */
export function readable({ text }: { readonly text: string }): string {
  return text
    .replace(/<style>.*?<\/style>/s, '')
    .replace(/<[^>]+>/g, ' ')
    .replace(/\s+/g, ' ')
}

/** Where an answer leads, without what proves to the session that something was done. */
export function withoutMark(headers: { readonly location?: string }): string {
  return String(headers.location).replace(/(done=\w+)\.[\w-]{43}$/, '$1')
}
