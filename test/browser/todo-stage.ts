import assert from 'node:assert/strict'
import type { BrowserContextOptions, Page } from 'playwright-core'
import { eventually } from '../support/eventually.js'
import type { Demo } from './demo.js'

/** The participants of the test. Each person has a browser context of its own. */
export interface TodoStage {
  readonly demo: Demo
  readonly fred: Page
  readonly ginger: Page
  readonly newPerson: (options?: BrowserContextOptions) => Promise<Page>
  /** Errors and warnings of the browsers. */
  readonly reportedErrors: readonly string[]
}

/** Waits until the page shows this list; done to-dos end in a tick. */
export async function showsList(page: Page, ...expected: string[]): Promise<void> {
  await eventuallyEquals(() => list(page), expected)
}

/** Waits until the header shows this user. */
export async function showsUser(page: Page, who: RegExp): Promise<void> {
  const found = await eventually(
    () => page.locator('#who').innerText(),
    (text) => who.test(text),
  )
  assert.match(found, who)
}

/** Waits until the page shows this error. */
export async function showsError(page: Page, message: RegExp): Promise<void> {
  const found = await eventually(
    () => page.locator('#error').innerText(),
    (text) => message.test(text),
  )
  assert.match(found, message)
}

/** The visible links and buttons of the header. */
export async function headerLinks(page: Page): Promise<string[]> {
  const items = await page.getByRole('navigation').getByRole('listitem').all()
  return await Promise.all(items.map((item) => item.innerText()))
}

/** Adds a to-do, and waits until it is shown. */
export async function add(page: Page, title: string): Promise<void> {
  await page.getByLabel('What is there to do?').fill(title)
  await page.getByRole('button', { name: 'Add' }).click()
  await page.getByRole('checkbox', { name: title }).waitFor()
}

/** The accessible name of the focused element. */
export async function focusedName(page: Page): Promise<string> {
  return await page.evaluate<string>(
    `(document.activeElement.labels?.[0] ?? document.activeElement).textContent.trim()`,
  )
}

export async function eventuallyEquals<T>(read: () => Promise<T>, expected: T): Promise<void> {
  const wanted = JSON.stringify(expected)
  const found = await eventually(read, (value) => JSON.stringify(value) === wanted)
  assert.deepEqual(found, expected)
}

async function list(page: Page): Promise<string[]> {
  return await page.evaluate<string[]>(
    `[...document.querySelectorAll('#todos li')].map((line) =>
      line.querySelector('.title').textContent + (line.querySelector('input').checked ? ' ✓' : ''))`,
  )
}
