import assert from 'node:assert/strict'
import { takeScreenshots, open } from './people.js'
import { step } from './steps.js'
import {
  add,
  focusedName,
  showsUser,
  showsError,
  showsList,
  eventuallyEquals,
  headerLinks,
  type TodoStage,
} from './todo-stage.js'

/** Fred begins a list as a guest, by keyboard only. */
export async function beginList({ demo, fred, ginger, newPerson }: TodoStage): Promise<void> {
  await step('opening the page creates no guest and sets no cookie', async () => {
    assert.equal(await open(fred, demo.address), 200)
    await showsUser(fred, /^Not logged in$/)
    await eventuallyEquals(() => headerLinks(fred), ['Log in'])
    await showsList(fred)
    assert.equal(await fred.getByText('no account is needed').isVisible(), true)
    assert.deepEqual(await fred.context().cookies(), [])
    await takeScreenshots(fred, 'todo-1-anonymous')
  })

  await step('the first to-do makes Fred a guest, and the field is ready for the next', async () => {
    await fred.getByLabel('What is there to do?').focus()
    await fred.keyboard.type('Buy milk')
    await fred.keyboard.press('Enter')
    await showsList(fred, 'Buy milk')
    await showsUser(fred, /^Guest .+, kept until /)
    await eventuallyEquals(() => headerLinks(fred), ['Save your list', 'Log in', 'Leave'])
    await fred.keyboard.type('Dance')
    await fred.keyboard.press('Enter')
    await showsList(fred, 'Buy milk', 'Dance')
    assert.equal(await fred.getByLabel('What is there to do?').inputValue(), '')
    assert.deepEqual(
      (await fred.context().cookies()).map(({ name, httpOnly, sameSite }) => [name, httpOnly, sameSite]),
      [['todo', true, 'Lax']],
    )
  })

  await step('the list is there after a reload, and in no other browser', async () => {
    const who = await fred.locator('#who').innerText()
    await fred.reload()
    await showsList(fred, 'Buy milk', 'Dance')
    assert.equal(await fred.locator('#who').innerText(), who)
    await open(ginger, demo.address)
    await showsUser(ginger, /^Not logged in$/)
    await showsList(ginger)
  })

  await step('a person who types faster than the server responds is one guest with every to-do', async () => {
    const hasty = await newPerson()
    await open(hasty, demo.address)
    await showsUser(hasty, /^Not logged in$/)
    await hasty.getByLabel('What is there to do?').focus()
    for (const title of ['One', 'Two', 'Three']) {
      await hasty.keyboard.type(title)
      await hasty.keyboard.press('Enter')
    }
    await showsList(hasty, 'One', 'Two', 'Three')
    await hasty.reload()
    await showsList(hasty, 'One', 'Two', 'Three')
  })

  await step('to-dos can be ticked and deleted by keyboard, and the focus keeps its place', async () => {
    await add(fred, 'Sleep')
    await fred.getByLabel('What is there to do?').focus()
    await fred.keyboard.press('Tab') // Add
    await fred.keyboard.press('Tab')
    assert.equal(await focusedName(fred), 'Buy milk')
    await fred.keyboard.press('Space')
    await showsList(fred, 'Buy milk ✓', 'Dance', 'Sleep')
    await fred.keyboard.press('Tab')
    await fred.keyboard.press('Tab')
    await fred.keyboard.press('Tab')
    assert.equal(await focusedName(fred), 'Delete Dance')
    await fred.keyboard.press('Enter')
    await showsList(fred, 'Buy milk ✓', 'Sleep')
    assert.equal(await focusedName(fred), 'Delete Sleep')
    assert.equal(await fred.locator('#told').innerText(), 'Deleted Dance')
    await fred.reload()
    await showsList(fred, 'Buy milk ✓', 'Sleep')
  })

  await step('a duplicate shows an error beside the field, which keeps its value', async () => {
    await fred.getByLabel('What is there to do?').fill('Sleep')
    await fred.keyboard.press('Enter')
    await showsError(fred, /on your list already/)
    const field = fred.getByLabel('What is there to do?')
    assert.equal(await field.getAttribute('aria-describedby'), 'error')
    assert.equal(await field.inputValue(), 'Sleep')
    await takeScreenshots(fred, 'todo-2-guest')
    await add(fred, 'Wake up')
    await showsError(fred, /^$/)
    await showsList(fred, 'Buy milk ✓', 'Sleep', 'Wake up')
  })

  await step('markup in a to-do is shown as text', async () => {
    await fred.getByLabel('What is there to do?').fill('<img src=x onerror=alert(1)>')
    await fred.keyboard.press('Enter')
    await showsList(fred, 'Buy milk ✓', 'Sleep', 'Wake up', '<img src=x onerror=alert(1)>')
    assert.equal(await fred.locator('main img').count(), 0)
    await fred.getByRole('button', { name: 'Delete <img' }).click()
    await showsList(fred, 'Buy milk ✓', 'Sleep', 'Wake up')
  })
}
