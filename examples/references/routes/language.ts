import { Router, type Request } from 'express'
import type { PagesOptions } from 'passport-ephemeral'
import * as messages from 'passport-ephemeral/messages'
import { readForm } from '../forms.js'

/** The languages of the package's pages, by their own names. The demo's own pages are in English. */
export const LANGUAGES: Readonly<Record<string, string>> = {
  ar: 'العربية',
  de: 'Deutsch',
  en: 'English',
  es: 'Español',
  fr: 'Français',
}

const YEAR = 365 * 24 * 60 * 60 * 1000 // milliseconds

/** Language and design of the package's pages. */
export const pages: PagesOptions = {
  messages,
  language: (req) => chosenLanguage(req) ?? req.acceptsLanguages(Object.keys(LANGUAGES)),
  brand: { name: 'References', logo: '/icon.svg' },
}

/** Keeps the chosen language in a cookie: a session would end at the login. */
export function languageRoutes(): Router {
  const router = Router()

  router.post('/language', (req, res) => {
    const { language } = readForm(req, ['language'])
    if (Object.hasOwn(LANGUAGES, language))
      res.cookie('language', language, { maxAge: YEAR, httpOnly: true, sameSite: 'lax' })
    res.redirect(303, '/')
  })

  return router
}

export function chosenLanguage(req: Request): string | undefined {
  return /(?:^|;\s*)language=(\w+)/.exec(req.headers.cookie ?? '')?.[1]
}
