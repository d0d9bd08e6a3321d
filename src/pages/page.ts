import type { Request, Response } from 'express'
import { OUR_REFERRER_POLICY } from '../http/origin.js'
import type { Brand } from './brand.js'
import type { PageContext } from './context.js'
import { html, type Html } from './html.js'
import { styleFor, type Style } from './style.js'

/** What every page of this package has. An application that renders a page by itself gets the same object. */
export interface Page {
  /** Which page it is. */
  readonly name: string
  /** HTTP status; set already when `render` is called. */
  readonly status: number
  readonly title: string
  /** The language, its words, and the brand. */
  readonly context: PageContext
}

/**
 * Shows a page in the application's own way: `(page, req, res) => res.render('ask', { page })`, say. Status and caching
 * are set by then; it must end the response.
 */
export type Render<P extends Page> = (page: P, req: Request, res: Response) => unknown

/** What surrounds the body of a page. */
interface Layout {
  /** Rules at the end of the style sheet. */
  readonly css?: string
  /** What stands above the page on each page of its kind, below the brand. */
  readonly header?: Html
}

/** How a page is shown. */
export interface ShowOptions<P extends Page> {
  readonly render: Render<P> | undefined
  readonly body: (page: P) => Html
  /** Browsers apply `form-action` to the redirects that follow a form as well. @default false */
  readonly formLeadsAnywhere?: boolean
  /** Whether the title begins with "Error", so that a screen reader tells it first. @default if the status is an error's */
  readonly saysError?: boolean
  /** @default the style sheet of our pages, and the brand alone above them */
  readonly layout?: Layout
}

/** Answers with a page: in the application's own way, or with `body` in a document of ours. */
export async function showPage<P extends Page>(
  req: Request,
  res: Response,
  page: P,
  { render, body, formLeadsAnywhere = false, saysError = page.status >= 400, layout = {} }: ShowOptions<P>,
): Promise<void> {
  const { lang, words } = page.context
  res.status(page.status).set({
    'Cache-Control': 'no-store',
    'Content-Language': lang,
    'Referrer-Policy': OUR_REFERRER_POLICY,
    'X-Content-Type-Options': 'nosniff',
  })
  if (render !== undefined) {
    await render(page, req, res)
    return
  }
  const style = styleFor(page.context.brand, layout.css)
  res.set(
    'Content-Security-Policy',
    policyOf(page.context, style) + (formLeadsAnywhere ? '' : "; form-action 'self'"),
  )
  const title = saysError ? words.form.failedTitle(page.title) : page.title
  res.type('html').send(documentOf(title, page, body(page), style, layout.header).text)
}

/** No script, no frame, nothing loaded but the logo and the icon that browsers ask for by themselves (CSP Level 3). */
function policyOf({ brand }: PageContext, { source }: Style): string {
  const logo = brand?.logo
  const images = logo !== undefined && URL.canParse(logo) ? `'self' ${new URL(logo).origin}` : "'self'"
  return `default-src 'none'; img-src ${images}; style-src ${source}; base-uri 'none'; frame-ancestors 'none'`
}

function documentOf(
  title: string,
  { title: heading, context: { lang, dir, brand } }: Page,
  body: Html,
  style: Style,
  header: Html | undefined,
): Html {
  return html`<!doctype html>
    <html lang="${lang}" dir="${dir}">
      <head>
        <meta charset="utf-8" />
        <meta name="viewport" content="width=device-width, initial-scale=1" />
        <title>${title}</title>
        ${style.element}
      </head>
      <body>
        ${brand && brandHtml(brand)} ${header}
        <main>
          <h1>${heading}</h1>
          ${body}
        </main>
      </body>
    </html> `
}

function brandHtml({ name, logo, home }: Brand): Html {
  if (name === undefined && logo === undefined) return html``
  const shown =
    logo === undefined
      ? html`${name}`
      : html`<img src="${logo}" alt="${name ?? ''}" referrerpolicy="no-referrer" />`
  return html`<header class="brand">
    ${home === undefined ? shown : html`<a href="${home}">${shown}</a>`}
  </header>`
}
