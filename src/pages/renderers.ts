import type { Request, Response } from 'express'
import { aFunction, either, type Rule } from '../options.js'
import { formBody, type FormPage } from './form-page.js'
import type { Html } from './html.js'
import { noticeBody, type NoticePage } from './notice-page.js'
import { showPage, type Page, type Render, type ShowOptions } from './page.js'

/** Renderers of some pages, by their names. */
type Renderers<P extends Page> = {
  readonly [Name in P['name']]?: Render<Extract<P, { readonly name: Name }>>
}

/** Shows the pages of a router in the application's own way: all of them by one function, or those that are named. */
export type RenderPages<P extends Page> = Render<P> | Renderers<P>

/** Shows the pages of a router: by `render`, or in HTML of ours. */
export function pageShower<P extends (FormPage | NoticePage) & Page>(
  render: RenderPages<P> | undefined,
  options: Pick<ShowOptions<P>, 'formLeadsAnywhere'> = {},
): (page: P, req: Request, res: Response) => Promise<void> {
  return async (page, req, res) => {
    await showPage(req, res, page, { render: rendererOf(render, page), body: bodyOf, ...options })
  }
}

/** What shows this page, if the application does. */
function rendererOf<P extends Page>(render: RenderPages<P> | undefined, { name }: P): Render<P> | undefined {
  // Looked up by the page's own name: it gets the page that it expects.
  return typeof render === 'object' ? (render[name as P['name']] as Render<P> | undefined) : render
}

function bodyOf(page: FormPage | NoticePage): Html {
  return 'fields' in page ? formBody(page) : noticeBody(page)
}

/** The option `render` of a router with these pages. */
export function aRenderer(...names: readonly string[]): Rule {
  const list = `${names.slice(0, -1).join(', ')} or ${names.at(-1) ?? ''}`
  return either(aFunction, {
    expected: `an object of functions named ${list}`,
    test: (value) =>
      typeof value === 'object' &&
      value !== null &&
      Object.entries(value).every(([name, each]) => names.includes(name) && typeof each === 'function'),
  })
}
