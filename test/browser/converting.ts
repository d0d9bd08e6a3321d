/**
 * Walks through the package's own pages for guests as they are without an application's design, in a real browser: creating
 * an account with a verified address, and leaving. `CHROMIUM` names the browser.
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
  await everybodyCanUse(await newPage(browser, { bypassCSP: true }), app)
  await theirOwnPolicyLetsThemWork(await newPage(browser), app)
} catch (error) {
  tally.failed ||= 1
  console.error(error)
} finally {
  await browser.close()
  await app.close()
}
console.log(`${tally.passed} passed, ${tally.failed} failed`)
process.exit(tally.failed === 0 ? 0 : 1) // the embedded database would keep it alive

async function everybodyCanUse(page: Page, { origin, mailbox }: Stage): Promise<void> {
  await page.goto(`${origin}/play`)
  await step('everybody can use the page that asks before leaving', async () => {
    await page.goto(`${origin}/logout`)
    await audit(page)
    assert.equal(await page.title(), 'Do you want to leave?')
  })
  await step('and the form, also with an error in it', async () => {
    await page.goto(`${origin}/convert`)
    await audit(page)
    await fill(page, { ...ginger, passwordAgain: 'another horse' })
    assert.match(await page.title(), /^Error: /)
    await audit(page)
  })
  await step(
    'and what follows: sent, the button, the account, a link that is used up, one that is cut off',
    async () => {
      await fill(page, ginger)
      await page.waitForURL(/\/convert\/sent/)
      await audit(page)
      const link = origin + pathOf(mailbox[0]?.link ?? '')
      await page.goto(link)
      await audit(page)
      const telephone = await newPage(browser, { bypassCSP: true })
      await telephone.goto(link)
      await telephone.click('button')
      assert.equal(await telephone.title(), 'Your account is ready')
      await audit(telephone)
      await page.click('button')
      await audit(page)
      await page.goto(`${origin}/convert/verify?token=x`)
      await audit(page)
    },
  )
}

async function theirOwnPolicyLetsThemWork(page: Page, { origin, mailbox }: Stage): Promise<void> {
  await step('under their own policy the pages lead back to where the guest wanted to go', async () => {
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
