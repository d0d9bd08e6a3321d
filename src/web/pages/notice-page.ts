import { html, type Html } from './html.js'
import type { Page } from './page.js'

/** A page that says something, and where to go from there. */
export interface NoticePage extends Page {
  readonly text: string
  readonly link: { readonly href: string; readonly text: string } | undefined
}

export function noticeBody({ text, link }: NoticePage): Html {
  return html`
    <p>${text}</p>
    ${link !== undefined && html`<p><a href="${link.href}">${link.text}</a></p>`}
  `
}
