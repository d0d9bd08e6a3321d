import { en } from './en.js'

/** Every word that a page or message shows, by page; {@link en} lists them. */
export type Messages = typeof en

/** The words of a language. A word that is missing stands in English. */
export type Translation = PartOf<Messages>

/** Some of the words of a catalog. */
export type PartOf<T> = { readonly [Key in keyof T]?: T[Key] extends Word ? T[Key] : PartOf<T[Key]> }

type Word = string | ((...parameters: never[]) => string)

interface Words {
  readonly [name: string]: Word | Words
}

/** All words of a catalog, of a translation and of what stands in for those that it leaves out. */
export function completeMessages<Catalog extends object = Messages>(
  given: PartOf<Catalog>,
  fallback: Catalog,
): Catalog {
  return completed(given as Words, fallback as Words) as Catalog
}

function completed(given: Words, fallback: Words): Words {
  return Object.fromEntries(
    Object.entries(fallback).map(([name, word]) => {
      const own = given[name]
      return [name, isGroup(word) && isGroup(own) ? completed(own, word) : (own ?? word)]
    }),
  )
}

/**
 * The names of the words that a translation leaves out, and of what is no word of the catalog: another name, or another
 * kind (a text instead of a function, for example).
 */
export function compareWithEnglish(
  given: unknown,
  english: object = en,
): {
  readonly missing: string[]
  readonly wrong: string[]
} {
  const missing: string[] = []
  const wrong: string[] = []
  compare(given, english, '')
  return { missing, wrong }

  function compare(own: unknown, word: unknown, path: string): void {
    if (own === undefined && !isGroup(word)) missing.push(path)
    else if (own !== undefined && (word === undefined || typeof own !== typeof word || own === null))
      wrong.push(path)
    else if (isGroup(word)) {
      for (const name of new Set([...Object.keys(word), ...Object.keys(own ?? {})]))
        compare((own as Words | undefined)?.[name], word[name], path === '' ? name : `${path}.${name}`)
    }
  }
}

function isGroup(word: unknown): word is Words {
  return typeof word === 'object' && word !== null
}
