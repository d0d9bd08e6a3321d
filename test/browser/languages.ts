/**
 * Walks through every page of the package in each language, with a brand, in a real browser: axe-core, narrow and wide, light
 * and dark. `CHROMIUM` names the browser; `SCREENSHOTS` a folder, for a picture of each page.
 */
import { join } from 'node:path'
import type { Browser, Page } from 'playwright-core'
import {
  ensureVisitor,
  guestLogout,
  selfServiceRouter,
  type PagesOptions,
  type SelfServiceMessage,
} from '../../src/index.js'
import * as messages from '../../src/pages/messages/index.js'
import { ginger, pathOf, startConversion, verifying } from '../guest/conversion/stage.js'
import { BROWSER } from '../support/application.js'
import { audit } from './audit.js'
import { launchBrowser } from './browser.js'
import { step, tally } from './steps.js'

const logo = `<svg xmlns="http://www.w3.org/2000/svg" width="120" height="40"><rect width="120" height="40" rx="6" fill="#0a5"/></svg>`
const pages: PagesOptions = {
  messages,
  brand: { name: 'Acme', logo: '/logo.svg', home: '/', color: '#0a5' },
}
const links: string[] = []
const app = await startConversion(verifying(), {
  before(host) {
    host.set('pages', pages)
    host.get('/logo.svg', (_req, res) => {
      res.type('svg').send(logo)
    })
  },
  routes(host, { Visitor }) {
    host.all('/logout', guestLogout())
    host.get('/reference', ensureVisitor('REFERENCE', { selfService: true }), (_req, res) => {
      res.send('in')
    })
    const send = ({ link }: SelfServiceMessage): void => {
      if (isDown) throw new Error('no mail server')
      links.push(link)
    }
    host.use('/visitor', selfServiceRouter({ Visitor, baseUrl: 'https://example.test', send, maxUses: 1 }))
  },
})
let isDown = false
process.removeAllListeners('warning').on('warning', () => undefined) // of a message that is not sent on purpose
const browser = await launchBrowser()
try {
  for (const language of Object.keys(messages)) await walk(language, browser)
} catch (error) {
  tally.failed ||= 1
  console.error(error)
} finally {
  await browser.close()
  await app.close()
}
console.log(`${tally.passed} passed, ${tally.failed} failed`)
process.exit(tally.failed === 0 ? 0 : 1) // the embedded database would keep it alive

async function walk(language: string, from: Browser): Promise<void> {
  const context = await from.newContext({ locale: language, userAgent: BROWSER, bypassCSP: true })
  const page = await context.newPage()
  const look = (name: string): Promise<void> => inspect(page, `${language}-${name}`)
  await step(`${language}: axe-core finds no violation on the pages of self-service`, async () => {
    await page.goto(`${app.origin}/reference`)
    await look('self-service')
    await post(page, { email: 'no address' })
    await look('self-service-wrong')
    isDown = true
    await post(page, { firstName: 'Ginger', lastName: 'Rogers', email: ginger.email })
    await look('self-service-not-sent')
    isDown = false
    await post(page, {})
    await look('self-service-sent')
    await page.click('main a')
    await page.goto(`${app.origin}/visitor`)
    await look('self-service-incomplete')
    await page.goto(app.origin + pathOf(links.pop() ?? ''))
    await look('limited-link')
  })
  await step(`${language}: axe-core finds no violation on the pages for guests`, async () => {
    await page.goto(`${app.origin}/play`)
    await page.goto(`${app.origin}/logout`)
    await look('leave')
    await page.goto(`${app.origin}/convert`)
    await look('convert')
    const account = { ...ginger, username: `ginger-${language}`, email: `${language}@example.test` }
    await post(page, { ...account, email: 'no address' })
    await look('convert-wrong')
    await post(page, account)
    await look('convert-sent')
    const link = app.origin + pathOf(app.mailbox.at(-1)?.link ?? '')
    await page.goto(link)
    await look('convert-confirm')
    await post(page, {})
    await look('convert-success')
    await page.goto(`${app.origin}/convert/verify?token=x`)
    await look('convert-incomplete')
    await page.goto(link)
    await look('convert-gone')
  })
  await context.close()
}

/** Posts the form with these values, past the browser's own checks. */
async function post(page: Page, values: Readonly<Record<string, string>>): Promise<void> {
  for (const [name, value] of Object.entries(values)) await page.fill(`[name=${name}]`, value)
  await page.evaluate('document.forms[0].noValidate = true')
  await page.click('main button')
}

async function inspect(page: Page, name: string): Promise<void> {
  const folder = process.env['SCREENSHOTS']
  if (folder !== undefined)
    for (const colorScheme of ['light', 'dark'] as const) {
      await page.emulateMedia({ colorScheme })
      await page.setViewportSize({ width: 390, height: 700 })
      await page.screenshot({ path: join(folder, `${name}-${colorScheme}.png`), fullPage: true })
    }
  await audit(page)
}
