import assert from 'node:assert/strict'
import { look, open } from './people.js'
import { step } from './steps.js'
import { add, focusedName, is, isTold, sees, settles, ways, type TodoStage } from './todo-stage.js'

/** Fred begins a list at once, by keyboard alone. */
export async function fredBegins({ demo, fred, ginger, newPerson }: TodoStage): Promise<void> {
  await step('whoever just looks is nobody, and gets no cookie', async () => {
    assert.equal(await open(fred, demo.address), 200)
    await is(fred, /^Nobody yet$/)
    await settles(() => ways(fred), ['Log in'])
    await sees(fred)
    assert.equal(await fred.getByText('no account is needed').isVisible(), true)
    assert.deepEqual(await fred.context().cookies(), [])
    await look(fred, 'todo-1-nobody')
  })

  await step('Fred types a line, and is a guest with a list; the field is ready for the next', async () => {
    await fred.getByLabel('What is there to do?').focus()
    await fred.keyboard.type('Buy milk')
    await fred.keyboard.press('Enter')
    await sees(fred, 'Buy milk')
    await is(fred, /^Guest .+, kept until /)
    await settles(() => ways(fred), ['Save your list', 'Log in', 'Leave'])
    await fred.keyboard.type('Dance')
    await fred.keyboard.press('Enter')
    await sees(fred, 'Buy milk', 'Dance')
    assert.equal(await fred.getByLabel('What is there to do?').inputValue(), '')
    assert.deepEqual(
      (await fred.context().cookies()).map(({ name, httpOnly, sameSite }) => [name, httpOnly, sameSite]),
      [['todo', true, 'Lax']],
    )
  })

  await step('it is there after a reload, and in no other browser', async () => {
    const who = await fred.locator('#who').innerText()
    await fred.reload()
    await sees(fred, 'Buy milk', 'Dance')
    assert.equal(await fred.locator('#who').innerText(), who)
    await open(ginger, demo.address)
    await is(ginger, /^Nobody yet$/)
    await sees(ginger)
  })

  await step('whoever types faster than the server answers is one guest, with every line', async () => {
    const hasty = await newPerson()
    await open(hasty, demo.address)
    await is(hasty, /^Nobody yet$/)
    await hasty.getByLabel('What is there to do?').focus()
    for (const title of ['One', 'Two', 'Three']) {
      await hasty.keyboard.type(title)
      await hasty.keyboard.press('Enter')
    }
    await sees(hasty, 'One', 'Two', 'Three')
    await hasty.reload()
    await sees(hasty, 'One', 'Two', 'Three')
  })

  await step('the keyboard ticks and deletes, and keeps its place', async () => {
    await add(fred, 'Sleep')
    await fred.getByLabel('What is there to do?').focus()
    await fred.keyboard.press('Tab') // Add
    await fred.keyboard.press('Tab')
    assert.equal(await focusedName(fred), 'Buy milk')
    await fred.keyboard.press('Space')
    await sees(fred, 'Buy milk ✓', 'Dance', 'Sleep')
    await fred.keyboard.press('Tab')
    await fred.keyboard.press('Tab')
    await fred.keyboard.press('Tab')
    assert.equal(await focusedName(fred), 'Delete Dance')
    await fred.keyboard.press('Enter')
    await sees(fred, 'Buy milk ✓', 'Sleep')
    assert.equal(await focusedName(fred), 'Delete Sleep')
    assert.equal(await fred.locator('#told').innerText(), 'Deleted Dance')
    await fred.reload()
    await sees(fred, 'Buy milk ✓', 'Sleep')
  })

  await step('what is on the list already is said beside the field, which keeps it', async () => {
    await fred.getByLabel('What is there to do?').fill('Sleep')
    await fred.keyboard.press('Enter')
    await isTold(fred, /on your list already/)
    const field = fred.getByLabel('What is there to do?')
    assert.equal(await field.getAttribute('aria-describedby'), 'error')
    assert.equal(await field.inputValue(), 'Sleep')
    await look(fred, 'todo-2-guest')
    await add(fred, 'Wake up')
    await isTold(fred, /^$/)
    await sees(fred, 'Buy milk ✓', 'Sleep', 'Wake up')
  })

  await step('markup in a line is text', async () => {
    await fred.getByLabel('What is there to do?').fill('<img src=x onerror=alert(1)>')
    await fred.keyboard.press('Enter')
    await sees(fred, 'Buy milk ✓', 'Sleep', 'Wake up', '<img src=x onerror=alert(1)>')
    assert.equal(await fred.locator('main img').count(), 0)
    await fred.getByRole('button', { name: 'Delete <img' }).click()
    await sees(fred, 'Buy milk ✓', 'Sleep', 'Wake up')
  })
}
