import assert from 'node:assert/strict'
import { after, before, describe, it } from 'node:test'
import { adminRouter } from '../../src/admin/index.js'
import * as shipped from '../../src/admin/messages/index.js'
import { compareWithEnglish } from '../../src/pages/messages/catalog.js'
import * as messages from '../../src/pages/messages/index.js'
import { CSRF_FIELD, csrfIn, readable, startAdmin, type AdminBrowser, type AdminStage } from './stage.js'

let app: AdminStage
let staff: AdminBrowser
before(async () => {
  app = await startAdmin(
    { messages: { de: { passes: { title: 'Einladungen' } }, nl: { overview: { title: 'Overzicht' } } } },
    {
      before: (host) =>
        host.set('pages', {
          messages: { ...messages, nl: {}, pt: {} },
          brand: { name: 'Acme', home: '/', color: '#0a5' },
        }),
    },
  )
  staff = await app.as('staff')
  await app.Visitor.create({ email: 'fred@example.com', scope: 'SURVEY', context: null })
})
after(() => app.close())

const get = (path: string, language: string) => staff.get(path).set('Accept-Language', language).expect(200)

describe('the language of the operator’s pages', () => {
  for (const [language, words] of Object.entries(shipped)) {
    it(`has every word, and none that English has not: ${language}`, () => {
      assert.deepEqual(compareWithEnglish(words, shipped.en), { missing: [], wrong: [] })
    })

    it(`is that of the reader: ${language}`, async () => {
      const { text, headers } = await get('/admin', language)
      assert.ok(text.includes(`<html lang="${language}" dir="${language === 'ar' ? 'rtl' : 'ltr'}">`))
      assert.ok(text.includes(`<h1>${words.overview?.title ?? ''}</h1>`))
      assert.equal(headers['content-language'], language)
      assert.match(String(headers['vary']), /Accept-Language/)
      const days = new Intl.NumberFormat(language, { style: 'unit', unit: 'day', unitDisplay: 'long' })
      assert.ok(text.includes(days.format(28)))
    })
  }

  it('words dates, and the errors of a form, too', async () => {
    const [pass] = await app.Visitor.findAll()
    const time = new Intl.DateTimeFormat('de', { dateStyle: 'medium', timeStyle: 'short', timeZone: 'UTC' })
    assert.ok((await get('/admin/passes', 'de')).text.includes(time.format(pass?.expiresAt)))
    const form = await staff.get('/admin/passes/invite')
    const csrf = csrfIn(form)
    const refused = await staff
      .send('/admin/passes/invite', { [CSRF_FIELD]: csrf, email: 'x', scope: 'S', days: 'x' })
      .set('Accept-Language', 'de')
    assert.match(refused.text, /<title>Fehler: Eine Person einladen<\/title>/)
    assert.match(refused.text, /id="email-error">Das ist keine E-Mail-Adresse</)
    assert.match(refused.text, /id="days-error">Bitte eine Anzahl Tage/)
  })

  it('has words of the application’s own, before those that are shipped', async () => {
    assert.match((await get('/admin/passes', 'de')).text, /<h1>Einladungen<\/h1>[^]*Suchen/)
    assert.match((await get('/admin', 'nl')).text, /<html lang="nl"[^]*<h1>Overzicht<\/h1>[^]*Show/)
  })

  it('is English where these pages have no words of it, and the document is declared so', async () => {
    const { text, headers } = await get('/admin', 'pt')
    assert.match(text, /<html lang="en" dir="ltr">[^]*<h1>Overview<\/h1>/)
    assert.equal(headers['content-language'], 'en')
  })

  it('is checked at start-up: what is no word of the catalog is refused', () => {
    const { Guest } = app
    const options = { Guest, authorize: () => true }
    for (const wrong of [{ de: { overview: { tittle: 'x' } } }, { de: { atLeast: 'x' } }, { '§': {} }])
      assert.throws(
        () => adminRouter({ ...options, messages: wrong as never }),
        /adminRouter: option 'messages'/,
      )
    assert.throws(() => adminRouter({ ...options, pages: { brand: { color: '#fff' } } }), /contrast/)
  })

  it('can be chosen for these pages alone', async () => {
    const own = await startAdmin({ pages: { messages, language: () => 'fr' } })
    try {
      const page = await (await own.as('staff')).get('/admin/visits').expect(200)
      assert.match(page.text, /<html lang="fr"/)
      assert.match(readable(page), /Aucune visite ne correspond/)
    } finally {
      await own.close()
    }
  })
})

describe('the brand', () => {
  it('stands above the menu of the operator’s pages, and gives them its colour', async () => {
    const { text } = await get('/admin', 'en')
    assert.match(text, /<header class="brand">\s*<a href="\/">Acme<\/a>[^]*<nav/)
    assert.match(text, /--act: #0a5;/)
  })
})
