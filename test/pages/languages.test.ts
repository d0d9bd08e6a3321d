import assert from 'node:assert/strict'
import { after, before, describe, it } from 'node:test'
import {
  ensureVisitor,
  formHtml,
  guestLogout,
  selfServiceRouter,
  type PagesOptions,
} from '../../src/index.js'
import { compareWithEnglish } from '../../src/pages/messages/catalog.js'
import * as messages from '../../src/pages/messages/index.js'
import { ginger, guest, post, startConversion, verifying, type Stage } from '../guest/conversion/stage.js'

const pages: PagesOptions = {
  messages,
  brand: { name: 'Acme', logo: 'https://cdn.example/logo.svg', home: '/', color: '#0a5' },
}

let app: Stage
before(async () => {
  app = await startConversion(verifying(), {
    before: (host) => host.set('pages', pages),
    routes(host, { Visitor }) {
      host.all('/logout', guestLogout())
      host.get('/reference', ensureVisitor('REFERENCE', { selfService: true }), (_req, res) => {
        res.send('in')
      })
      const send = (): void => undefined
      host.use('/visitor', selfServiceRouter({ Visitor, baseUrl: 'https://example.test', send }))
    },
  })
})
after(() => app.close())

describe('the shipped languages', () => {
  for (const [language, words] of Object.entries(messages)) {
    it(`leave out no word, and have none that English has not: ${language}`, () => {
      assert.deepEqual(compareWithEnglish(words), { missing: [], wrong: [] })
    })

    it(`are those of the pages of a reader who prefers them: ${language}`, async () => {
      const { browser } = await guest(app)
      const dir = language === 'ar' ? 'rtl' : 'ltr'
      for (const [url, title] of [
        ['/convert', words.conversion?.title],
        ['/logout', words.leave?.title],
        ['/visitor', words.selfService?.incomplete?.title],
      ] as const) {
        const page = await browser.get(url).set('Accept', 'text/html').set('Accept-Language', language)
        assert.ok(page.text.includes(`<html lang="${language}" dir="${dir}">`), url)
        assert.ok(page.text.includes(`<h1>${title ?? ''}</h1>`), url)
        assert.equal(page.headers['content-language'], language)
        assert.match(String(page.headers['vary']), /Accept-Language/)
      }
    })
  }

  it('word an error in the language of the page, beside a code that is the same in each', async () => {
    const { browser } = await guest(app)
    const page = await browser
      .post('/convert')
      .set('Accept-Language', 'de')
      .type('form')
      .send({ ...ginger, email: 'x' })
    assert.match(page.text, /<title>Fehler: Konto anlegen<\/title>/)
    assert.match(page.text, /id="email-error">Das ist keine E-Mail-Adresse</)
    assert.match(page.text, /id="password-hint">Bitte noch einmal eingeben/)
  })
})

describe('the brand', () => {
  it('stands above each page; the policy admits the site of its logo, and the style in its colours', async () => {
    const { browser } = await guest(app)
    const page = await browser.get('/convert')
    assert.match(page.text, /<a href="\/"><img src="https:\/\/cdn\.example\/logo\.svg" alt="Acme"/)
    assert.match(page.text, /--act: #0a5; --on-act: #000000; --link: #1c1c1c/)
    assert.match(String(page.headers['content-security-policy']), /img-src 'self' https:\/\/cdn\.example;/)
    assert.doesNotMatch(page.text, /style="/)
  })
})

describe('the page after the message', () => {
  it('repeats the address to the guest who typed it only, with the duration of the link', async () => {
    const { browser } = await guest(app)
    const posted = await post(browser, ginger)
    assert.equal(posted.headers['location'], '/convert/sent')
    const sent = await browser.get('/convert/sent')
    assert.match(sent.text, /<bdi>ginger@example\.test<\/bdi>.*within 1 day/)
    assert.match((await browser.get('/convert')).text, /value="ginger@example\.test"/)
    const other = await guest(app)
    assert.doesNotMatch((await other.browser.get('/convert/sent')).text, /ginger/)
  })

  it('repeats the address to the browser that typed it only, without a session, in self-service', async () => {
    const browser = app.browser()
    const form = await browser.get('/reference').set('Accept', 'text/html').expect(302)
    const url = String(form.headers['location'])
    assert.match((await browser.get(url)).text, /class="notice">The page that you wanted to see/)
    const values = { firstName: 'G', lastName: 'R', email: ginger.email }
    const posted = await browser.post(url).type('form').send(values).expect(303)
    const cookies = String(posted.headers['set-cookie'])
    assert.match(cookies, /^visitor-address=[^;]+; Path=\/visitor; HttpOnly; SameSite=Lax$/)
    const location = String(posted.headers['location'])
    assert.doesNotMatch(
      location + Buffer.from(location.split('for=')[1] ?? '', 'base64url').toString(),
      /ginger/,
    )
    assert.match((await browser.get(location)).text, /<bdi>ginger@example\.test<\/bdi>.*within 3 days/)
    assert.doesNotMatch((await app.browser().get(location)).text, /ginger/)
    const forged = `visitor-address=${Buffer.from('eve@evil.test').toString('base64url')}.zzzzzz.x`
    assert.doesNotMatch((await app.browser().get(location).set('Cookie', forged)).text, /evil/)
  })
})

describe('a form', () => {
  it('leads people who have an account to the login, with the way back', async () => {
    const { browser } = await guest(app)
    const page = await browser.get('/convert?next=%2Fplay')
    assert.match(page.text, /<a href="\/login\?next=%2Fplay">I have an account already: log in<\/a>/)
  })

  it('tells keyboards what an address and a username are, and browsers the shortest password', async () => {
    const { browser } = await guest(app)
    const { text } = await browser.get('/convert')
    const inputOf = (name: string): string =>
      new RegExp(`<input[^>]*name="${name}"[^>]*>`).exec(text)?.[0] ?? ''
    assert.match(inputOf('username'), /autocomplete="username"[^]*autocapitalize="none" spellcheck="false"/)
    assert.match(inputOf('email'), /autocapitalize="none" spellcheck="false"[^]*dir="auto"/)
    assert.match(inputOf('password'), /minlength="8"/)
  })

  it('offers the suggestions of a field, as text, and marks no other field', async () => {
    const own = await startConversion({
      schema: { '~standard': { version: 1, vendor: 'test', validate: () => ({ issues: [] }) } },
      fields: [
        { name: 'username', label: 'Name', type: 'text' },
        { name: 'team', label: 'Team', type: 'text', suggestions: ['North', '"><b>'] },
      ],
    })
    try {
      const { text } = await (await guest(own)).browser.get('/convert').expect(200)
      assert.match(text, /name="team"[^>]* list="team-list"/)
      assert.match(
        text,
        /<datalist id="team-list">\s*<option value="North"><\/option>\s*<option value="&quot;&gt;&lt;b&gt;">/,
      )
      assert.equal(text.match(/list="/g)?.length, 1)
    } finally {
      await own.close()
    }
  })

  it('is there as HTML for a page of the application, with the codes of the errors', async () => {
    const codes: (string | undefined)[] = []
    const own = await startConversion({
      render: {
        form: (page, _req, res) => {
          codes.push(...page.fields.map(({ errorCode }) => errorCode))
          res.send(`<main lang="${page.context.lang}">${formHtml(page)}</main>`)
        },
      },
    })
    try {
      const { browser } = await guest(own)
      const page = await post(browser, { username: '', password: 'short', passwordAgain: 'other' })
      assert.match(page.text, /^<main lang="en">[^]*<form method="post" action="\/convert">[^]*<button>/)
      assert.deepEqual(codes, ['required', 'tooShort', 'passwordsDiffer'])
    } finally {
      await own.close()
    }
  })
})
