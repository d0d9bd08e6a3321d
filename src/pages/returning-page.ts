import type { Request, Response } from 'express'
import { pageContext, type PagesOptions } from './context.js'
import { linkHtml } from './notice-page.js'
import { showPage } from './page.js'

/**
 * Has the browser ask for the same address again, from a page of this site, so that it sends a `SameSite=Strict` cookie. The page
 * names no address: an empty one is that of the page, behind a proxy as well.
 */
export async function returnSameSite(req: Request, res: Response, pages?: PagesOptions): Promise<'answered'> {
  const context = pageContext(req, pages)
  const title = context.words.limitedLink.button
  res.set('Refresh', '0')
  const page = { name: 'returning', status: 200, title, context } as const
  await showPage(req, res, page, { render: undefined, body: () => linkHtml({ href: '', text: title }) })
  return 'answered'
}
