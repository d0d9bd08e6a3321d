/**
 * Tests the package's own pages for guests, in their default design, in a real browser: creating an account with a
 * verified address, and logging out. `CHROMIUM` names the browser.
 */
import assert from 'node:assert/strict'
import type { Browser, Page } from 'playwright-core'
import { guestLogout } from '../../src/index.js'
import { ginger, pathOf, startConversion, verifying, type Stage } from '../guest/conversion/stage.js'
import { BROWSER } from '../support/application.js'
import { audit } from './audit.js'
import { launchBrowser } from './browser.js'
import { step, tally } from './steps.js'

const app = await startConversion(verifying(), {
  routes(host) {
    host.all('/logout', guestLogout())
  },
})
const browser = await launchBrowser()
try {
  await checkAccessibility(await newPage(browser, { bypassCSP: true }), app)
  await checkWithOwnPolicy(await newPage(browser), app)
} catch (error) {
  tally.failed ||= 1
  console.error(error)
} finally {
  await browser.close()
  await app.close()
}
console.log(`${tally.passed} passed, ${tally.failed} failed`)
process.exit(tally.failed === 0 ? 0 : 1) // the embedded database would keep it alive

async function checkAccessibility(page: Page, { origin, mailbox }: Stage): Promise<void> {
  await page.goto(`${origin}/play`)
  await step('axe-core finds no violation on the page that confirms a logout', async () => {
    await page.goto(`${origin}/logout`)
    await audit(page)
    assert.equal(await page.title(), 'Do you want to leave?')
  })
  await step('axe-core finds no violation on the form, with and without an error', async () => {
    await page.goto(`${origin}/convert`)
    await audit(page)
    await fill(page, { ...ginger, passwordAgain: 'another horse' })
    assert.match(await page.title(), /^Error: /)
    await audit(page)
  })
  await step(
    'axe-core finds no violation on the later pages: sent, button, account, used-up and incomplete link',
    async () => {
      await fill(page, ginger)
      await page.waitForURL(/\/convert\/sent/)
      await audit(page)
      const link = origin + pathOf(mailbox[0]?.link ?? '')
      await page.goto(link)
      await audit(page)
      const phone = await newPage(browser, { bypassCSP: true })
      await phone.goto(link)
      await phone.click('button')
      assert.equal(await phone.title(), 'Your account is ready')
      await audit(phone)
      await page.click('button')
      await audit(page)
      await page.goto(`${origin}/convert/verify?token=x`)
      await audit(page)
    },
  )
}

async function checkWithOwnPolicy(page: Page, { origin, mailbox }: Stage): Promise<void> {
  await step('under their own policy the pages lead back to the page first requested', async () => {
    await page.goto(`${origin}/play`)
    await page.goto(`${origin}/convert?next=%2Fwho`)
    await fill(page, { ...ginger, username: 'cole', email: 'cole@example.test' })
    await page.waitForURL(/\/convert\/sent/)
    await page.goto(origin + pathOf(mailbox[1]?.link ?? ''))
    await page.click('button')
    await page.waitForURL(`${origin}/who`)
    assert.match((await page.textContent('body')) ?? '', /"username":"cole".*"isRegularUser":true/)
  })
}

async function fill(page: Page, values: Readonly<Record<string, string>>): Promise<void> {
  for (const [name, value] of Object.entries(values)) await page.fill(`[name=${name}]`, value)
  await page.click('button')
}

async function newPage(from: Browser, options: { bypassCSP?: boolean } = {}): Promise<Page> {
  return await (await from.newContext({ userAgent: BROWSER, ...options })).newPage()
}
