/**
 * Walks through the operator's pages in a real browser, as a help desk does. Run it by `npm run test:browser`.
 * Screenshots are stored in `screenshots/`.
 */
import assert from 'node:assert/strict'
import { mkdir } from 'node:fs/promises'
import type { Browser, Page } from 'playwright-core'
import { csrfIn, startAdmin, type AdminStage } from '../admin/stage.js'
import { audit } from './audit.js'
import { launchBrowser } from './browser.js'
import { fill, heading, open, path, person, PICTURES, press, takeScreenshots, text } from './people.js'
import { step, tally } from './steps.js'

async function logIn(page: Page, { origin }: AdminStage, username: string): Promise<void> {
  await page.context().request.post(`${origin}/login`, { form: { username, password: 'any' } })
}

async function walk(browser: Browser, app: AdminStage): Promise<void> {
  const reportedErrors: string[] = []
  const staff = await person(browser, reportedErrors, { javaScriptEnabled: false })
  await logIn(staff, app, 'staff')
  const email = 'ginger@example.com'
  const pass = { firstName: 'Ginger', lastName: 'Rogers', email, context: null }
  const lost = await app.Visitor.create({ ...pass, scope: 'REFERENCE' })
  const other = await app.Visitor.create({
    ...pass,
    firstName: 'Fred',
    email: 'fred@example.com',
    scope: 'SURVEY',
  })
  const earlier = lost.tokenise(`${app.origin}/who`)

  await step(
    'a pass is found by its address, and gets a fresh link that closes the earlier one',
    async () => {
      await open(staff, `${app.origin}/admin/passes`)
      await fill(staff, { 'Name, e-mail address or scope': 'Ginger@Example.com' })
      await press(staff, 'Search')
      await staff.getByRole('link', { name: 'Ginger Rogers' }).click()
      assert.equal(await heading(staff), 'Ginger Rogers')
      assert.equal(await press(staff, 'Make a fresh link'), 200)
      const link = await staff.locator('.link').innerText()
      assert.equal(staff.url().includes('vuid'), false)
      const ginger = await person(browser, reportedErrors)
      const visitorAt = async (address: string) => {
        await open(ginger, address)
        return (JSON.parse(await ginger.locator('body').innerText()) as { visitor: unknown }).visitor
      }
      assert.equal(await visitorAt(earlier), null)
      assert.deepEqual(await visitorAt(link), { id: lost.id, email })
    },
  )

  await step('the link is shown once: the same address shows nothing of it afterwards', async () => {
    await open(staff, staff.url())
    assert.equal(await staff.locator('.link').count(), 0)
  })

  await step('another pass is closed from the list', async () => {
    await open(staff, `${app.origin}/admin/passes?q=fred`)
    await staff.getByLabel('Select Fred Rogers').check()
    assert.equal(await press(staff, 'Deactivate'), 200)
    assert.match(await text(staff), /Done\.[^]*Deactivated/)
    assert.equal((await other.reload()).isActive, false)
  })

  await step('a guest is deleted after a confirmation', async () => {
    const guest = await app.Guest.createGuestUser({ generateUsername: () => 'guest-rita' })
    await open(staff, `${app.origin}/admin/guests`)
    await staff.getByRole('link', { name: 'guest-rita' }).click()
    await staff.getByLabel('Yes, this guest').check()
    assert.equal(await press(staff, 'Delete for ever'), 200)
    assert.equal(path(staff), '/admin/guests')
    assert.equal(await app.User.findByPk(guest.id), null)
  })

  await step('a person who may look only finds no button that changes anything', async () => {
    const trainee = await person(browser, reportedErrors)
    await logIn(trainee, app, 'trainee')
    await open(trainee, `${app.origin}/admin/passes/${String(lost.id)}`)
    assert.equal(await trainee.getByRole('button').count(), 0)
    assert.equal(csrfIn({ text: await trainee.content() }), '')
  })

  await step('axe-core finds no violation on any page, and none scrolls sideways on a phone', async () => {
    await app.Guest.createGuestUser()
    // The pages' own policy would block axe-core.
    const reader = await person(browser, reportedErrors, { bypassCSP: true })
    await logIn(reader, app, 'staff')
    for (const [place, page] of [
      '',
      '/passes',
      `/passes/${String(lost.id)}`,
      '/passes/invite',
      '/guests',
      '/visits',
      '/cleanup?count=yes',
      '/doctor',
    ].entries()) {
      await open(reader, `${app.origin}/admin${page}`)
      await audit(reader)
      await takeScreenshots(reader, `7${String(place)}-admin`)
    }
  })

  assert.deepEqual(reportedErrors, [])
}

await mkdir(PICTURES, { recursive: true })
try {
  const [browser, app] = [await launchBrowser(), await startAdmin({ linkUrl: '/who' })]
  try {
    await walk(browser, app)
  } finally {
    await browser.close()
    await app.close()
  }
} catch (error) {
  tally.failed ||= 1
  console.error(error)
}
console.log(`${String(tally.passed)} passed, ${String(tally.failed)} failed`)
process.exit(tally.failed === 0 ? 0 : 1) // the embedded database would keep it alive
