import type { PageContext } from '../../pages/context.js'
import type { NoticePage } from '../../pages/notice-page.js'

/**
 * The button for a fresh link was pressed; status 200, or 429. It is the same whichever pass the link names, and whether there is
 * one.
 */
export interface FreshLinkPage extends NoticePage {
  readonly name: 'fresh-link'
}

export function askedPage(context: PageContext): FreshLinkPage {
  return { name: 'fresh-link', status: 200, context, ...context.words.freshLink.asked, link: undefined }
}

export function tooOftenPage(context: PageContext): FreshLinkPage {
  return { name: 'fresh-link', status: 429, context, ...context.words.freshLink.tooOften, link: undefined }
}
