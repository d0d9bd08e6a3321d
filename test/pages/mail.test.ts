import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { defaultContext, type PageContext } from '../../src/pages/context.js'
import { mailOf, type MailContent } from '../../src/pages/mail.js'

const link = 'https://example.test/tour?a=1&vuid=0123'
const content: MailContent = {
  kind: 'selfService',
  link,
  expiresAt: new Date(Date.now() + 3 * 24 * 60 * 60 * 1000),
}
const branded = (brand: PageContext['brand']): PageContext => ({ ...defaultContext, brand })

describe('the message that is ready to be sent', () => {
  it('has the link as a button and in plain text, and how long it works', () => {
    const { subject, text, html } = mailOf(defaultContext, content)
    assert.equal(subject, 'Your link')
    assert.ok(text.split('\n').includes(link)) // a line of its own
    assert.match(text, /works for 3 days/)
    assert.equal(html.split('href="https://example.test/tour?a=1&amp;vuid=0123"').length, 3)
    assert.match(html, /works for 3 days/)
  })

  it('contains the one-time code in both parts, if there is one', () => {
    const { text, html } = mailOf(defaultContext, { ...content, code: '12345678' })
    assert.match(text, /^12345678$/m)
    assert.match(html, />12345678</)
    assert.doesNotMatch(mailOf(defaultContext, content).text, /code/)
  })

  it('escapes the brand, and keeps the subject on one line', () => {
    const { subject, html } = mailOf(branded({ name: '<b>Acme\r\nBcc: x@evil.test' }), content)
    assert.equal(subject, 'Your link to <b>Acme Bcc: x@evil.test')
    assert.doesNotMatch(html, /<b>/)
  })

  it('loads nothing but an absolute logo', () => {
    assert.match(
      mailOf(branded({ name: 'Acme', logo: 'https://example.test/l.png' }), content).html,
      /<img src="https:\/\/example.test\/l.png" alt="Acme"/,
    )
    const relative = mailOf(branded({ name: 'Acme', logo: '/l.png' }), content).html
    assert.doesNotMatch(relative, /<img/)
    assert.match(relative, /Acme/)
  })

  it('is written in the direction of its language', () => {
    const { html } = mailOf({ ...defaultContext, lang: 'ar', dir: 'rtl' }, content)
    assert.match(html, /<html lang="ar" dir="rtl">/)
  })
})
