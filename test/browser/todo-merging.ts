import assert from 'node:assert/strict'
import { fill, heading, takeScreenshots, open, PASSWORD, path, press } from './people.js'
import { step } from './steps.js'
import {
  add,
  showsUser,
  showsError,
  showsList,
  eventuallyEquals,
  headerLinks,
  type TodoStage,
} from './todo-stage.js'

/** Fred logs out, begins a new list as a guest, logs in, and has both lists; Ginger logs out as a guest. */
export async function mergeLists({ demo, fred, ginger, reportedErrors }: TodoStage): Promise<void> {
  await step('after a logout neither the page nor the browser’s back button shows the list', async () => {
    assert.equal(await press(fred, 'Log out'), 200)
    await showsUser(fred, /^Not logged in$/)
    await showsList(fred)
    await fred.goBack()
    await showsUser(fred, /^Not logged in$/)
    await showsList(fred)
  })

  await step('he begins a new list as a guest, with some of the same to-dos', async () => {
    await open(fred, demo.address)
    await add(fred, 'Buy milk')
    await add(fred, 'Sleep')
    await add(fred, 'Call Ginger')
    await fred.getByRole('checkbox', { name: 'Sleep' }).check()
    await showsList(fred, 'Buy milk', 'Sleep ✓', 'Call Ginger')
    await showsUser(fred, /^Guest /)
  })

  await step('a wrong password shows an error, and he is still a guest', async () => {
    await fred.getByRole('link', { name: 'Log in' }).click()
    await fred.waitForURL('**/login')
    await fred.getByText('Your list is added to the account’s list.').waitFor()
    await fill(fred, { Username: 'fred astaire', Password: 'not his password' })
    await fred.keyboard.press('Enter')
    await showsError(fred, /is wrong/)
    await takeScreenshots(fred, 'todo-6-login')
    await showsUser(fred, /^Guest /)
  })

  await step(
    'he logs in, and both lists are merged without duplicates; a to-do is done if either was',
    async () => {
      await fill(fred, { Password: PASSWORD })
      await fred.keyboard.press('Enter')
      await fred.waitForURL(`${demo.address}/`)
      await showsUser(fred, /^fred astaire$/)
      await showsList(fred, 'Buy milk ✓', 'Sleep ✓', 'Wake up', 'Call Ginger')
      await takeScreenshots(fred, 'todo-7-merged')
    },
  )

  await step('the redirect after a login stays on this site', async () => {
    await press(fred, 'Log out')
    await open(fred, `${demo.address}/login?next=//evil.test/`)
    await fill(fred, { Username: 'fred astaire', Password: PASSWORD })
    await fred.keyboard.press('Enter')
    await fred.waitForURL(`${demo.address}/`)
    await showsList(fred, 'Buy milk ✓', 'Sleep ✓', 'Wake up', 'Call Ginger')
  })

  await step('a guest has to confirm a logout, and can save the list instead', async () => {
    await open(ginger, demo.address)
    await press(ginger, 'Log out')
    await add(ginger, 'Forget this')
    await ginger.getByRole('link', { name: 'Leave' }).click()
    await ginger.waitForURL('**/logout')
    assert.equal(await heading(ginger), 'Do you want to leave?')
    await takeScreenshots(ginger, 'todo-8-leave')
    await ginger.getByRole('link', { name: /keep everything/ }).click()
    assert.equal(path(ginger), '/convert')
    await open(ginger, demo.address)
    await showsList(ginger, 'Forget this')
  })

  await step('after a guest’s logout, opening the page creates no new guest', async () => {
    await open(ginger, `${demo.address}/logout`)
    assert.equal(await press(ginger, 'Leave and lose everything'), 200)
    assert.equal(path(ginger), '/')
    await showsUser(ginger, /^Not logged in$/)
    await ginger.reload()
    await showsUser(ginger, /^Not logged in$/)
    await eventuallyEquals(() => headerLinks(ginger), ['Log in'])
    await showsList(ginger)
    await add(ginger, 'Begin again')
    await showsUser(ginger, /^Guest /)
  })

  await step('server and browsers report no errors', () => {
    assert.deepEqual([...demo.reportedErrors(), ...reportedErrors], [])
    return Promise.resolve()
  })
}
