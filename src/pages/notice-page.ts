import { html, textHtml, type Html } from './html.js'
import type { Page } from './page.js'

/** Where to go from a page. */
export interface PageLink {
  readonly href: string
  readonly text: string
}

/** A page that says something, and where to go from there. */
export interface NoticePage extends Page {
  readonly text: string
  readonly link: PageLink | undefined
  /** Where else. */
  readonly otherLink?: PageLink
}

export function noticeBody(page: Pick<NoticePage, 'text' | 'link' | 'otherLink'>): Html {
  return html`
    <p>${textHtml(page.text)}</p>
    ${linksHtml(page)}
  `
}

interface Links {
  readonly link: PageLink | undefined
  readonly otherLink?: PageLink | undefined
}

export function linksHtml({ link, otherLink }: Links): Html {
  return html`${link !== undefined && linkHtml(link)} ${otherLink !== undefined && linkHtml(otherLink)}`
}

export function linkHtml({ href, text }: PageLink): Html {
  return html`<p><a href="${href}">${text}</a></p>`
}
