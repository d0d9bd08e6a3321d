import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import supertest from 'supertest'
import type { PagesOptions } from '../../src/index.js'
import { contrast, palettesOf } from '../../src/pages/brand.js'
import { durationIn, pageContext, pagesRule } from '../../src/pages/context.js'
import { checkOptions } from '../../src/options.js'
import { express } from '../support/application.js'

const german = { leave: { title: 'Möchten Sie gehen?' } }
const hebrew = { leave: { title: 'לעזוב?' } }

/** The context of a request with these headers, and the answer's headers. */
async function contextOf(pages: unknown, headers: Readonly<Record<string, string>> = {}, setting?: unknown) {
  const app = express()
  if (setting !== undefined) app.set('pages', setting)
  app.get('/', (req, res) => {
    const { words, ...context } = pageContext(req, pages as PagesOptions | undefined)
    res.json({ ...context, title: words.leave.title, button: words.leave.button })
  })
  const { body, headers: answered } = await supertest(app).get('/').set(headers).expect(200)
  return { ...(body as Record<string, unknown>), vary: answered['vary'] } as Record<string, unknown>
}

const language = (accepted: string) => ({ 'Accept-Language': accepted })

describe('the language of a page', () => {
  it('is English, and does not depend on the reader, unless the application gives words of another', async () => {
    const { lang, dir, vary } = await contextOf(undefined, language('de'))
    assert.deepEqual([lang, dir, vary], ['en', 'ltr', undefined])
  })

  it('is what the reader prefers among the given ones, with English words for those that are missing', async () => {
    const pages = { messages: { de: german, he: hebrew } }
    const page = await contextOf(pages, language('fr, de-AT;q=0.9, en;q=0.5'))
    assert.deepEqual(
      [page['lang'], page['title'], page['vary']],
      ['de', german.leave.title, 'Accept-Language'],
    )
    assert.equal(page['button'], 'Leave and lose everything')
    const other = await contextOf(pages, language('he'))
    assert.deepEqual([other['lang'], other['dir']], ['he', 'rtl'])
    assert.equal((await contextOf(pages))['lang'], 'en')
  })

  it('is what the function of the application chooses, or the next wider one that is given', async () => {
    const choosing = (chosen: string | false) =>
      contextOf({ messages: { de: german }, language: () => chosen }, language('en'))
    assert.equal((await choosing('de'))['lang'], 'de')
    assert.equal((await choosing('de-CH'))['lang'], 'de')
    assert.equal((await choosing('fr'))['lang'], 'en')
    assert.equal((await choosing(false))['lang'], 'en')
  })

  it('is English if that function returns no string, and a long one costs no more than a short one', async () => {
    for (const chosen of [
      ['de', 'de'],
      { de: 1 },
      7,
      true,
      null,
      Promise.resolve('de'),
      '-'.repeat(100_000),
    ]) {
      const pages = { messages: { de: german }, language: () => chosen as never }
      const begun = performance.now()
      assert.equal((await contextOf(pages, language('en')))['lang'], 'en')
      assert.ok(performance.now() - begun < 1000)
    }
  })

  it('is chosen by the setting of the application, unless the router has an option of its own', async () => {
    const setting = { messages: { de: german } }
    assert.equal((await contextOf(undefined, language('de'), setting))['lang'], 'de')
    assert.equal((await contextOf({ brand: { name: 'Acme' } }, language('de'), setting))['lang'], 'en')
  })

  it('has English words as the application wants them, in other languages too where they stand in', async () => {
    const pages = { messages: { en: { leave: { button: 'Bye' } }, de: german } }
    assert.equal((await contextOf(pages))['button'], 'Bye')
    assert.equal((await contextOf(pages, language('de')))['button'], 'Bye')
  })

  it('words a duration in the largest unit in which it is a whole number', () => {
    assert.equal(durationIn('en', 3 * 24 * 60 * 60), '3 days')
    assert.equal(durationIn('de', 60 * 60), '1 Stunde')
    assert.equal(durationIn('en', 5400), '90 minutes')
    assert.equal(durationIn('en', 10), '1 minute')
  })
})

describe('the option pages', () => {
  const refused = (pages: unknown, message: RegExp): void => {
    assert.throws(() => {
      checkOptions('someRouter', { pages }, { pages: pagesRule })
    }, message)
  }

  it('is refused at start-up with what is wrong', () => {
    refused({ colour: '#fff' }, /someRouter: option 'pages' must be .*unknown option 'colour'/)
    refused({ messages: { 'no language': {} } }, /'no language', which is no language/)
    refused({ messages: { de: { leave: { titel: 'x' } } } }, /'de\.leave\.titel', which is no word/)
    refused({ messages: { de: { leave: 'x' } } }, /'de\.leave', which is no word/)
    refused({ brand: { logo: 'logo.svg' } }, /option 'logo' must be the URL of an image/)
    refused({ brand: { color: 'red' } }, /option 'color' must be a colour/)
    refused('de', /must be \{ messages, language, brand \}/)
  })

  it('is refused with the contrast of a colour that cannot be told from the page, light or dark', () => {
    refused({ brand: { color: '#ffd' } }, /contrast of 1\.\d\d:1 to the light page/)
    refused({ brand: { color: '#003366' } }, /contrast of 1\.\d\d:1 to the dark page/)
    checkOptions(
      'x',
      { pages: { brand: { color: { light: '#003366', dark: '#9cf' } } } },
      { pages: pagesRule },
    )
    checkOptions('x', { pages: { brand: { color: '#0a5' } } }, { pages: pagesRule })
  })

  it('has buttons of any colour whose text has a contrast of 4.5:1, and links that have it on the page', () => {
    for (let hue = 0; hue < 0x1000; hue += 7) {
      const color = `#${hue.toString(16).padStart(3, '0')}`
      for (const { act, onAct, link, paper } of Object.values(palettesOf({ color }))) {
        assert.ok(contrast(onAct, act) >= 4.5, `text on ${color}`)
        assert.ok(contrast(link, paper) >= 4.5, `a link in ${color}`)
      }
    }
    assert.equal(contrast('#000', '#ffffff'), 21)
  })

  it('is refused by the first request where it is a setting of the application', async () => {
    const app = express()
    app.set('pages', { colour: 1 })
    app.get('/', (req, res) => {
      res.json(pageContext(req, undefined))
    })
    app.use(((error: Error, _req, res, _next) => {
      res.status(500).send(error.message)
    }) as import('express').ErrorRequestHandler)
    await supertest(app)
      .get('/')
      .expect(500, /app\.set\('pages'\): unknown option 'colour'/)
  })
})
