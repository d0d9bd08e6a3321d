import assert from 'node:assert/strict'
import { fill, heading, look, open, PASSWORD, path, press } from './people.js'
import { step } from './steps.js'
import { add, is, isTold, sees, settles, ways, type TodoStage } from './todo-stage.js'

/** Fred logs out, begins anew as a guest, logs in, and has it all; Ginger leaves a guest's list behind. */
export async function listsBecomeOne({ demo, fred, ginger, complaints }: TodoStage): Promise<void> {
  await step(
    'Fred logs out: nobody is here, and the way back in the browser shows nothing of his',
    async () => {
      assert.equal(await press(fred, 'Log out'), 200)
      await is(fred, /^Nobody yet$/)
      await sees(fred)
      await fred.goBack()
      await is(fred, /^Nobody yet$/)
      await sees(fred)
    },
  )

  await step('he begins a new list as a guest, with some of the same things', async () => {
    await open(fred, demo.address)
    await add(fred, 'Buy milk')
    await add(fred, 'Sleep')
    await add(fred, 'Call Ginger')
    await fred.getByRole('checkbox', { name: 'Sleep' }).check()
    await sees(fred, 'Buy milk', 'Sleep ✓', 'Call Ginger')
    await is(fred, /^Guest /)
  })

  await step('a wrong password is said so, and costs him nothing', async () => {
    await fred.getByRole('link', { name: 'Log in' }).click()
    await fred.waitForURL('**/login')
    await fred.getByText('The list that you have begun comes along.').waitFor()
    await fill(fred, { Username: 'fred astaire', Password: 'not his password' })
    await fred.keyboard.press('Enter')
    await isTold(fred, /do not belong together/)
    await look(fred, 'todo-6-login')
    await is(fred, /^Guest /)
  })

  await step('he logs in, and both lists are one: nothing is there twice, done is done', async () => {
    await fill(fred, { Password: PASSWORD })
    await fred.keyboard.press('Enter')
    await fred.waitForURL(`${demo.address}/`)
    await is(fred, /^fred astaire$/)
    await sees(fred, 'Buy milk ✓', 'Sleep ✓', 'Wake up', 'Call Ginger')
    await look(fred, 'todo-7-merged')
  })

  await step('the way back after logging in is on this site, whatever the address says', async () => {
    await press(fred, 'Log out')
    await open(fred, `${demo.address}/login?next=//evil.test/`)
    await fill(fred, { Username: 'fred astaire', Password: PASSWORD })
    await fred.keyboard.press('Enter')
    await fred.waitForURL(`${demo.address}/`)
    await sees(fred, 'Buy milk ✓', 'Sleep ✓', 'Wake up', 'Call Ginger')
  })

  await step('a guest who wants to leave is asked first, and may save the list instead', async () => {
    await open(ginger, demo.address)
    await press(ginger, 'Log out')
    await add(ginger, 'Forget this')
    await ginger.getByRole('link', { name: 'Leave' }).click()
    await ginger.waitForURL('**/logout')
    assert.equal(await heading(ginger), 'Do you want to leave?')
    await look(ginger, 'todo-8-leave')
    await ginger.getByRole('link', { name: /keep everything/ }).click()
    assert.equal(path(ginger), '/convert')
    await open(ginger, demo.address)
    await sees(ginger, 'Forget this')
  })

  await step('whoever has left is nobody, and stays it: looking makes no new guest', async () => {
    await open(ginger, `${demo.address}/logout`)
    assert.equal(await press(ginger, 'Leave and lose everything'), 200)
    assert.equal(path(ginger), '/')
    await is(ginger, /^Nobody yet$/)
    await ginger.reload()
    await is(ginger, /^Nobody yet$/)
    await settles(() => ways(ginger), ['Log in'])
    await sees(ginger)
    await add(ginger, 'Begin again')
    await is(ginger, /^Guest /)
  })

  await step('neither the server nor the browsers had anything to complain of', () => {
    assert.deepEqual([...demo.complaints(), ...complaints], [])
    return Promise.resolve()
  })
}
