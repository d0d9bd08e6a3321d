import assert from 'node:assert/strict'
import { join } from 'node:path'
import type { Browser, BrowserContextOptions, Page } from 'playwright-core'

/** Playwright's own contains HeadlessChrome, which counts as a bot, and bots create no guests. */
const USER_AGENT =
  'Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/140.0.0.0 Safari/537.36'
const DESKTOP = { width: 1180, height: 860 }
const PHONE = { width: 390, height: 844 }
export const PASSWORD = 'top hat, white tie and tails'
export const PICTURES = join(import.meta.dirname, '..', '..', 'screenshots')

/** A person: a browser context of its own. */
export async function person(
  browser: Browser,
  reportedErrors: string[],
  options: BrowserContextOptions = {},
): Promise<Page> {
  const context = await browser.newContext({
    userAgent: USER_AGENT,
    viewport: DESKTOP,
    colorScheme: 'light',
    ...options,
  })
  const page = await context.newPage()
  page.on('pageerror', (error) => reportedErrors.push(error.message))
  page.on('console', (message) => {
    // Error pages have an error status, which is expected.
    if (/^Failed to load resource: .* status of 4\d\d|status of 503/.test(message.text())) return
    if (['error', 'warning'].includes(message.type())) reportedErrors.push(`${page.url()}: ${message.text()}`)
  })
  return page
}

/** Takes screenshots of a page at desktop and phone width; it must not scroll sideways on the phone. */
export async function takeScreenshots(page: Page, name: string): Promise<void> {
  await page.screenshot({ path: join(PICTURES, `${name}.png`), fullPage: true })
  await page.setViewportSize(PHONE)
  await page.screenshot({ path: join(PICTURES, `${name}-phone.png`), fullPage: true })
  const width = await page.evaluate<number>('document.documentElement.scrollWidth')
  await page.setViewportSize(DESKTOP)
  assert.ok(width <= PHONE.width, `${name} is ${width} pixels wide on a phone of ${PHONE.width}`)
  await checkMarkup(page, name)
}

/** Checks what a screen reader needs: a language, one main heading, and a label for each field. */
async function checkMarkup(page: Page, name: string): Promise<void> {
  const found = {
    language: await page.locator('html').getAttribute('lang'),
    headings: await page.locator('h1').count(),
    nameless: await page.evaluate<string[]>(
      `[...document.querySelectorAll('input:not([type=hidden]), textarea')]
        .filter((field) => field.labels.length !== 1)
        .map((field) => field.name)`,
    ),
  }
  assert.deepEqual(found, { language: 'en', headings: 1, nameless: [] }, name)
}

export async function open(page: Page, address: string): Promise<number> {
  const response = await page.goto(address)
  return response?.status() ?? 0
}

/** Presses a form's button, and returns the status of the next page. */
export async function press(page: Page, button: string): Promise<number> {
  const navigated = page.waitForResponse(
    (response) =>
      response.request().isNavigationRequest() && !(response.status() >= 300 && response.status() < 400),
  )
  await page.getByRole('button', { name: button }).click()
  const status = (await navigated).status()
  await page.waitForLoadState('load')
  return status
}

export async function fill(page: Page, fields: Record<string, string>): Promise<void> {
  for (const [label, value] of Object.entries(fields)) await page.getByLabel(label).fill(value)
}

/** The tab stops of a page's main part, in order: fields by id, others by text. */
export async function tabStops(page: Page): Promise<string[]> {
  await page.evaluate('document.activeElement.blur()')
  const stops: string[] = []
  const most = await page.locator('main').locator('a, button, input, textarea').count()
  while (stops.length < most) {
    await page.keyboard.press('Tab')
    stops.push(await focused(page))
  }
  return stops
}

/** The focused element: its id, or its text. */
export const focused = (page: Page): Promise<string> =>
  page.evaluate<string>('document.activeElement.id || document.activeElement.innerText')
export const path = (page: Page): string => new URL(page.url()).pathname
export const heading = (page: Page): Promise<string> => page.getByRole('heading', { level: 1 }).innerText()
export const text = (page: Page): Promise<string> => page.locator('main').innerText()
export const chip = (page: Page): Promise<string> => page.locator('.chip').innerText()
