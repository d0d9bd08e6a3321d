import assert from 'node:assert/strict'
import type { BrowserContextOptions, Page } from 'playwright-core'
import { eventually } from '../support/eventually.js'
import type { Demo } from './demo.js'

/** Who and what the walk through the lists is about. Each person has a browser that shares nothing with the others'. */
export interface TodoStage {
  readonly demo: Demo
  readonly fred: Page
  readonly ginger: Page
  readonly newPerson: (options?: BrowserContextOptions) => Promise<Page>
  /** What the browsers had to complain of. */
  readonly complaints: readonly string[]
}

/** The list in the page, done things with a tick, once its script has shown it. */
export async function sees(page: Page, ...expected: string[]): Promise<void> {
  await settles(() => list(page), expected)
}

/** Whom the header names, once it does. */
export async function is(page: Page, who: RegExp): Promise<void> {
  const found = await eventually(
    () => page.locator('#who').innerText(),
    (text) => who.test(text),
  )
  assert.match(found, who)
}

/** What the page says is wrong, once it does. */
export async function isTold(page: Page, message: RegExp): Promise<void> {
  const found = await eventually(
    () => page.locator('#error').innerText(),
    (text) => message.test(text),
  )
  assert.match(found, message)
}

/** What can be done about oneself: the links and buttons of the header that are shown. */
export async function ways(page: Page): Promise<string[]> {
  const items = await page.getByRole('navigation').getByRole('listitem').all()
  return await Promise.all(items.map((item) => item.innerText()))
}

/** Adds a line, and waits until it is there. */
export async function add(page: Page, title: string): Promise<void> {
  await page.getByLabel('What is there to do?').fill(title)
  await page.getByRole('button', { name: 'Add' }).click()
  await page.getByRole('checkbox', { name: title }).waitFor()
}

/** What has the focus, as it is announced. */
export async function focusedName(page: Page): Promise<string> {
  return await page.evaluate<string>(
    `(document.activeElement.labels?.[0] ?? document.activeElement).textContent.trim()`,
  )
}

export async function settles<T>(look: () => Promise<T>, expected: T): Promise<void> {
  const wanted = JSON.stringify(expected)
  const found = await eventually(look, (value) => JSON.stringify(value) === wanted)
  assert.deepEqual(found, expected)
}

async function list(page: Page): Promise<string[]> {
  return await page.evaluate<string[]>(
    `[...document.querySelectorAll('#todos li')].map((line) =>
      line.querySelector('.title').textContent + (line.querySelector('input').checked ? ' ✓' : ''))`,
  )
}
