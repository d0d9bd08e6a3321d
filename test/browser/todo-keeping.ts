import assert from 'node:assert/strict'
import type { Page } from 'playwright-core'
import { fill, heading, look, open, PASSWORD, path, press } from './people.js'
import { step } from './steps.js'
import { add, is, sees, settles, ways, type TodoStage } from './todo-stage.js'

/** The field's label is the beginning of the other's. */
const passwords = { 'The same password again': PASSWORD }

/** Ginger and Fred make their guests accounts, and have every line they had. */
export async function fredKeepsIt({ demo, fred, ginger }: TodoStage): Promise<void> {
  await step('Ginger saves her list under the name of fred, before Fred does', async () => {
    await add(ginger, 'Dance backwards')
    await ginger.getByRole('link', { name: 'Save your list' }).click()
    await ginger.waitForURL('**/convert?next=/')
    await fill(ginger, { Username: 'fred', ...passwords })
    await ginger.getByLabel('Password', { exact: true }).fill(PASSWORD)
    assert.equal(await press(ginger, 'Create'), 200)
    assert.equal(path(ginger), '/')
    await is(ginger, /^fred$/)
    await sees(ginger, 'Dance backwards')
  })

  await step('so Fred is told beside the field that the name is taken, and is a guest still', async () => {
    await fred.getByRole('link', { name: 'Save your list' }).click()
    await fred.waitForURL('**/convert?next=/')
    await look(fred, 'todo-3-convert')
    await fill(fred, { Username: 'fred', ...passwords })
    await fred.getByLabel('Password', { exact: true }).fill(PASSWORD)
    assert.equal(await press(fred, 'Create'), 422)
    assert.notEqual(await fred.locator('#username-error').innerText(), '')
    assert.equal(await fred.getByLabel('Username').inputValue(), 'fred')
    assert.equal(await fred.getByLabel('Password', { exact: true }).inputValue(), '')
    await look(fred, 'todo-4-convert-errors')
  })

  await step('under another name he has an account, a new session, and the same list', async () => {
    const before = await sessionOf(fred)
    await fill(fred, { Username: 'fred astaire', ...passwords })
    await fred.getByLabel('Password', { exact: true }).fill(PASSWORD)
    assert.equal(await press(fred, 'Create'), 200)
    assert.equal(path(fred), '/')
    await is(fred, /^fred astaire$/)
    await sees(fred, 'Buy milk ✓', 'Sleep', 'Wake up')
    assert.notEqual(await sessionOf(fred), before)
    await settles(() => ways(fred), ['Log out'])
    await look(fred, 'todo-5-regular')
  })

  await step('a second look at the form leads him back to his list', async () => {
    await open(fred, `${demo.address}/convert`)
    assert.equal(path(fred), '/')
    assert.equal(await heading(fred), 'Your list')
    await sees(fred, 'Buy milk ✓', 'Sleep', 'Wake up')
  })

  await step('after a restart it is all there', async () => {
    await demo.restart()
    await open(fred, demo.address)
    await is(fred, /^fred astaire$/)
    await sees(fred, 'Buy milk ✓', 'Sleep', 'Wake up')
  })
}

async function sessionOf(page: Page): Promise<string | undefined> {
  const cookies = await page.context().cookies()
  return cookies.find(({ name }) => name === 'todo')?.value
}
