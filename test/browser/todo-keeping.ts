import assert from 'node:assert/strict'
import type { Page } from 'playwright-core'
import { fill, heading, takeScreenshots, open, PASSWORD, path, press } from './people.js'
import { step } from './steps.js'
import { add, showsUser, showsList, eventuallyEquals, headerLinks, type TodoStage } from './todo-stage.js'

/** Only one of the two fields: the label of the other is the start of this one's. */
const passwords = { 'The same password again': PASSWORD }

/** Ginger and Fred create accounts and keep every to-do. */
export async function convertTodoGuest({ demo, fred, ginger }: TodoStage): Promise<void> {
  await step('Ginger saves her list under the name of fred, before Fred does', async () => {
    await add(ginger, 'Dance backwards')
    await ginger.getByRole('link', { name: 'Save your list' }).click()
    await ginger.waitForURL('**/convert?next=/')
    await fill(ginger, { Username: 'fred', ...passwords })
    await ginger.getByLabel('Password', { exact: true }).fill(PASSWORD)
    assert.equal(await press(ginger, 'Create'), 200)
    assert.equal(path(ginger), '/')
    await showsUser(ginger, /^fred$/)
    await showsList(ginger, 'Dance backwards')
  })

  await step('the form shows Fred that the name is taken, and he is still a guest', async () => {
    await fred.getByRole('link', { name: 'Save your list' }).click()
    await fred.waitForURL('**/convert?next=/')
    await takeScreenshots(fred, 'todo-3-convert')
    await fill(fred, { Username: 'fred', ...passwords })
    await fred.getByLabel('Password', { exact: true }).fill(PASSWORD)
    assert.equal(await press(fred, 'Create'), 422)
    assert.notEqual(await fred.locator('#username-error').innerText(), '')
    assert.equal(await fred.getByLabel('Username').inputValue(), 'fred')
    assert.equal(await fred.getByLabel('Password', { exact: true }).inputValue(), '')
    await takeScreenshots(fred, 'todo-4-convert-errors')
  })

  await step('under another name he has an account, a new session, and the same list', async () => {
    const before = await sessionOf(fred)
    await fill(fred, { Username: 'fred astaire', ...passwords })
    await fred.getByLabel('Password', { exact: true }).fill(PASSWORD)
    assert.equal(await press(fred, 'Create'), 200)
    assert.equal(path(fred), '/')
    await showsUser(fred, /^fred astaire$/)
    await showsList(fred, 'Buy milk ✓', 'Sleep', 'Wake up')
    assert.notEqual(await sessionOf(fred), before)
    await eventuallyEquals(() => headerLinks(fred), ['Log out'])
    await takeScreenshots(fred, 'todo-5-regular')
  })

  await step('opening the form again redirects him to his list', async () => {
    await open(fred, `${demo.address}/convert`)
    assert.equal(path(fred), '/')
    assert.equal(await heading(fred), 'Your list')
    await showsList(fred, 'Buy milk ✓', 'Sleep', 'Wake up')
  })

  await step('the list survives a restart', async () => {
    await demo.restart()
    await open(fred, demo.address)
    await showsUser(fred, /^fred astaire$/)
    await showsList(fred, 'Buy milk ✓', 'Sleep', 'Wake up')
  })
}

async function sessionOf(page: Page): Promise<string | undefined> {
  const cookies = await page.context().cookies()
  return cookies.find(({ name }) => name === 'todo')?.value
}
