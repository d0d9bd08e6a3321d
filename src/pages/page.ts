import type { Request, Response } from 'express'
import { markOwnForm } from '../http/origin.js'
import { html, type Html } from './html.js'
import { styleElement, styleSource } from './style.js'

/** What every page of this package has. An application that renders a page by itself gets the same object. */
export interface Page {
  /** Which page it is. */
  readonly name: string
  /** HTTP status; set already when `render` is called. */
  readonly status: number
  readonly title: string
}

/**
 * Shows a page in the application's own way: `(page, req, res) => res.render('ask', { page })`, say. Status and caching
 * are set by then; it must end the response.
 */
export type Render<P extends Page> = (page: P, req: Request, res: Response) => unknown

/** No script, no frame, nothing loaded but the icon that browsers ask for by themselves (CSP Level 3). */
const POLICY = `default-src 'none'; img-src 'self'; style-src ${styleSource}; base-uri 'none'; frame-ancestors 'none'`

/** How a page is shown. */
export interface ShowOptions<P extends Page> {
  readonly render: Render<P> | undefined
  readonly body: (page: P) => Html
  /** Browsers apply `form-action` to the redirects that follow a form as well. @default false */
  readonly formLeadsAnywhere?: boolean
  /** Whether the title begins with "Error", so that a screen reader tells it first. @default if the status is an error's */
  readonly saysError?: boolean
}

/** Answers with a page: in the application's own way, or with `body` in a document of ours. */
export async function showPage<P extends Page>(
  req: Request,
  res: Response,
  page: P,
  { render, body, formLeadsAnywhere = false, saysError = page.status >= 400 }: ShowOptions<P>,
): Promise<void> {
  res.status(page.status).set('Cache-Control', 'no-store')
  if (render !== undefined) {
    if (res.getHeader('Referrer-Policy') === 'no-referrer') markOwnForm(req, res) // as helmet sets it
    await render(page, req, res)
    return
  }
  res.set({
    'Content-Security-Policy': formLeadsAnywhere ? POLICY : `${POLICY}; form-action 'self'`,
    'X-Content-Type-Options': 'nosniff',
    'Referrer-Policy': 'same-origin',
  })
  res
    .type('html')
    .send(documentOf(saysError ? `Error: ${page.title}` : page.title, page.title, body(page)).text)
}

function documentOf(title: string, heading: string, body: Html): Html {
  return html`<!doctype html>
    <html lang="en">
      <head>
        <meta charset="utf-8" />
        <meta name="viewport" content="width=device-width, initial-scale=1" />
        <title>${title}</title>
        ${styleElement}
      </head>
      <body>
        <main>
          <h1>${heading}</h1>
          ${body}
        </main>
      </body>
    </html> `
}
