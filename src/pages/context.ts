import type { Request } from 'express'
import { publicUrl } from '../http/base-url.js'
import { settingOf } from '../http/headers.js'
import { aFunction, anObject, checkOptions, type Rule } from '../options.js'
import { checkBrand, type Brand } from './brand.js'
import { compareWithEnglish, completeMessages, type Messages, type Translation } from './messages/catalog.js'
import { en } from './messages/en.js'

/**
 * In which languages and in which design pages are shown: `app.set('pages', …)` for the whole application, or the option
 * `pages` of a router or strategy instead.
 */
export interface PagesOptions {
  /**
   * The words by language (BCP 47), from `passport-ephemeral/messages` or the application's own. English is always there;
   * `en` changes some of its words. A word that a language leaves out stands in English.
   */
  messages?: Readonly<Record<string, Translation>>
  /**
   * The language of a request's pages. What is none of the given ones (`false`, for example) means English.
   * @default what `Accept-Language` prefers among the given languages
   */
  language?: (req: Request) => string | false | null | undefined
  /** The application's name, logo and colours. @default none */
  brand?: Brand
}

/** In which language and design a request's pages are shown: computed once, and handed on. */
export interface PageContext {
  /** The language, for the document's `lang`. */
  readonly lang: string
  /** The direction of its script, for the document's `dir`. */
  readonly dir: 'ltr' | 'rtl'
  readonly words: Messages
  /** Its paths begin where the application lives. */
  readonly brand: Brand | undefined
}

/** English, without a brand. */
export const defaultContext: PageContext = { lang: 'en', dir: 'ltr', words: en, brand: undefined }

/** The options, checked and completed once: the words by language. */
type Languages = ReadonlyMap<string, Messages>

const prepared = new WeakMap<PagesOptions, Languages>()

/** @throws {TypeError} naming what is wrong */
function preparePages(caller: string, pages: PagesOptions): Languages {
  const known = prepared.get(pages)
  if (known !== undefined) return known
  checkOptions(caller, pages, { messages: translationsOf(en), language: aFunction, brand: anObject })
  if (pages.brand !== undefined) checkBrand(`${caller}.brand`, pages.brand)
  const english = completeMessages(pages.messages?.['en'] ?? {}, en)
  const others = Object.entries(pages.messages ?? {}).map(
    ([lang, words]) => [lang, completeMessages(words, english)] as const,
  )
  const languages = new Map([['en', english], ...others])
  prepared.set(pages, languages)
  return languages
}

/** The rule for every option `pages`. */
export const pagesRule: Rule = {
  expected: '{ messages, language, brand }',
  test: (value) => mistakeIn(value) === undefined,
  describe: (value) => {
    const mistake = mistakeIn(value)
    return mistake && `what has this mistake: ${mistake}`
  },
}

function mistakeIn(value: unknown): string | undefined {
  try {
    preparePages('pages', value as PagesOptions)
    return undefined
  } catch (error) {
    return (error as Error).message
  }
}

/** The rule for every option `messages`: translations of a catalog by language. */
export function translationsOf(english: object): Rule {
  return {
    expected: 'an object of languages, such as { de }, each with words of the catalog',
    test: (value) => anObject.test(value) && wrongIn(value as object, english) === undefined,
    describe: (value) => (anObject.test(value) ? wrongIn(value as object, english) : undefined),
  }
}

function wrongIn(messages: object, english: object): string | undefined {
  for (const [lang, words] of Object.entries(messages)) {
    if (!isLanguage(lang)) return `an object with '${lang}', which is no language`
    const [wrong] = compareWithEnglish(words, english).wrong
    if (wrong !== undefined) return `an object with '${lang}.${wrong}', which is no word of the catalog`
  }
  return undefined
}

function isLanguage(lang: string): boolean {
  try {
    return Intl.getCanonicalLocales(lang).length === 1
  } catch {
    return false
  }
}

/**
 * Computes in which language and design this request's pages are shown. Ask once a request, before the answer begins.
 *
 * @param pages the option of a router or strategy; `undefined`: the application's setting
 * @throws {TypeError} if the setting is wrong
 */
export function pageContext(req: Request, pages: PagesOptions | undefined): PageContext {
  const given = pages ?? (settingOf(req, 'pages') as PagesOptions | undefined)
  if (given === undefined) return defaultContext
  const languages = preparePages("app.set('pages')", given)
  const lang = languageOf(req, given, languages)
  const { brand } = given
  return {
    lang,
    dir: directionOf(lang),
    words: languages.get(lang) ?? en,
    brand: brand && {
      ...brand,
      ...(brand.logo !== undefined && { logo: publicUrl(req, brand.logo) }),
      ...(brand.home !== undefined && { home: publicUrl(req, brand.home) }),
    },
  }
}

/** Of a longer tag only the beginning could be a language that is offered; a client may have written it (RFC 5646, 4.4.1). */
const LONGEST_TAG = 35

function languageOf(req: Request, { language }: PagesOptions, languages: Languages): string {
  if (languages.size > 1) req.res?.vary('Accept-Language') // the application's function may ask for it, too
  const wanted: unknown = language === undefined ? req.acceptsLanguages([...languages.keys()]) : language(req)
  for (
    let tag = typeof wanted === 'string' ? wanted.slice(0, LONGEST_TAG) : '';
    tag !== '';
    tag = tag.slice(0, Math.max(tag.lastIndexOf('-'), 0))
  ) {
    for (const lang of languages.keys()) if (lang.toLowerCase() === tag.toLowerCase()) return lang
  }
  return 'en'
}

/** The scripts of living languages that are written from right to left (ISO 15924). */
const RIGHT_TO_LEFT = ['Adlm', 'Arab', 'Hebr', 'Nkoo', 'Rohg', 'Syrc', 'Thaa']

function directionOf(lang: string): 'ltr' | 'rtl' {
  return RIGHT_TO_LEFT.includes(new Intl.Locale(lang).maximize().script ?? '') ? 'rtl' : 'ltr'
}

/** A duration in words, in the largest unit in which it is a whole number, give or take 1 %: "3 days", "90 minutes". */
export function durationIn(lang: string, seconds: number): string {
  const minutes = Math.max(1, Math.round(seconds / 60))
  const [unit, length] =
    (
      [
        ['day', 24 * 60],
        ['hour', 60],
      ] as const
    ).find(([, each]) => isNearlyWhole(minutes / each)) ?? (['minute', 1] as const)
  return new Intl.NumberFormat(lang, { style: 'unit', unit, unitDisplay: 'long' }).format(
    Math.round(minutes / length),
  )
}

function isNearlyWhole(count: number): boolean {
  return Math.abs(count - Math.round(count)) <= count / 100
}
