import type { Request } from 'express'
import { defaultContext, pageContext, type PageContext, type PagesOptions } from '../pages/context.js'
import { completeMessages } from '../pages/messages/catalog.js'
import * as shipped from './messages/index.js'
import type { AdminMessages, AdminTranslation } from './messages/translation.js'

/** The words of the operator's pages by language, complete. */
type AdminLanguages = ReadonlyMap<string, AdminMessages>

/** The shipped languages, and those of the application; its words come first. */
export function adminLanguages(own: Readonly<Record<string, AdminTranslation>> = {}): AdminLanguages {
  const english = completeMessages(own['en'] ?? {}, shipped.en)
  const languages = new Map<string, AdminMessages>()
  for (const [lang, words] of [...Object.entries<AdminTranslation>(shipped), ...Object.entries(own)])
    languages.set(lang, completeMessages(words, languages.get(lang) ?? english))
  return languages.set('en', english)
}

/** The words and the design of this request's pages: in English where these pages have no words of its language. */
export function adminContext(
  req: Request,
  { pages, languages }: { readonly pages: PagesOptions | undefined; readonly languages: AdminLanguages },
): { readonly context: PageContext; readonly words: AdminMessages } {
  const context = pageContext(req, pages)
  const words = languages.get(context.lang) ?? languages.get(new Intl.Locale(context.lang).language)
  if (words !== undefined) return { context, words }
  return { context: { ...defaultContext, brand: context.brand }, words: languages.get('en') ?? shipped.en }
}
