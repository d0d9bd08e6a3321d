import type { PartOf } from '../../pages/messages/catalog.js'
import type { en } from './en.js'

/** Every word of the operator's pages. */
export type AdminMessages = typeof en

/** The words of the operator's pages in one language. A word that is missing stands in English. */
export type AdminTranslation = PartOf<AdminMessages>
