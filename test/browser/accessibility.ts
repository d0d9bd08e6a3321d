import assert from 'node:assert/strict'
import { createHmac } from 'node:crypto'
import { audit } from './audit.js'
import { emailTo, linkIn } from './mailbox.js'
import { fill, heading, open, path, press } from './people.js'
import type { Stage } from './stage.js'
import { step } from './steps.js'

/** Each page of the package, checked with axe-core: light and dark, wide and narrow. */
export async function checkAccessibility({
  demo,
  fred,
  mailbox,
  newPerson,
  visitorSecret,
}: Stage): Promise<void> {
  // The pages' own policy would block axe-core.
  const reader = await newPerson({ bypassCSP: true })
  const person = { 'First name': 'Rita', 'Last name': 'Hayworth', 'E-mail address': 'rita@example.com' }

  await step('axe-core finds no violation on the form, with and without errors', async () => {
    await open(reader, `${demo.address}/guide`)
    await audit(reader)
    await reader.evaluate('document.forms[0].noValidate = true')
    assert.equal(await press(reader, 'Send me the link'), 422)
    await audit(reader)
  })

  await step(
    'axe-core finds no violation on the form after a failed e-mail, and on the page after it',
    async () => {
      mailbox.isFull = true
      await fill(reader, person)
      assert.equal(await press(reader, 'Send me the link'), 503)
      mailbox.isFull = false
      await audit(reader)
      assert.equal(await press(reader, 'Send me the link'), 200)
      assert.equal(path(reader), '/visitor/sent')
      await audit(reader)
    },
  )

  await step(
    'axe-core finds no violation for an incomplete or expired address, and the latter links to a new form',
    async () => {
      assert.equal(await open(reader, `${demo.address}/visitor`), 400)
      await audit(reader)
      await open(reader, `${demo.address}/guide?chapter=reading`)
      assert.equal(await open(reader, outdated(reader.url(), visitorSecret)), 410)
      await audit(reader)
      await reader.getByRole('link', { name: 'Begin again' }).click()
      await reader.waitForURL(/\/visitor\?for=/)
      assert.equal(await heading(reader), 'Who are you?')
    },
  )

  await step(
    'axe-core finds no violation on the page with the button, and on the pages of the demo',
    async () => {
      await open(fred, `${demo.address}/interview/invite`)
      await fill(fred, { 'Their name': 'Rita', 'Their e-mail address': 'rita@example.com' })
      await press(fred, 'Send the invitation')
      await open(reader, linkIn(emailTo(mailbox, 'rita@example.com')))
      assert.equal(await heading(reader), 'Open your invitation')
      await audit(reader)
      assert.equal(await press(reader, 'Continue'), 200)
      await audit(reader)
      for (const page of ['/', '/reference', '/requests/new', '/login']) {
        await open(reader, demo.address + page)
        await audit(reader)
      }
    },
  )

  await step('axe-core finds no violation on the guide', async () => {
    await open(reader, `${demo.address}/guide`)
    await fill(reader, person)
    assert.equal(await press(reader, 'Send me the link'), 200)
    await open(reader, linkIn(emailTo(mailbox, 'rita@example.com')))
    assert.equal(await heading(reader), 'Asking for one')
    await audit(reader)
  })
}

/** The address of a form whose pass request has expired. */
function outdated(formUrl: string, secret: string): string {
  const url = new URL(formUrl)
  const [content = ''] = (url.searchParams.get('for') ?? '').split('.')
  const passRequest = JSON.parse(Buffer.from(content, 'base64url').toString()) as Record<string, unknown>
  const yesterday = Math.floor(Date.now() / 1000) - 24 * 60 * 60
  const bytes = Buffer.from(JSON.stringify({ ...passRequest, expiresAt: yesterday }))
  const mac = createHmac('sha256', secret)
    .update('passport-ephemeral:visitor:pass-request\0')
    .update(bytes)
    .digest()
  url.searchParams.set('for', `${bytes.toString('base64url')}.${mac.toString('base64url')}`)
  return url.href
}
