import assert from 'node:assert/strict'
import { audit } from './audit.js'
import { fill, open, PASSWORD, press } from './people.js'
import { step } from './steps.js'
import { add, is, isTold, sees, type TodoStage } from './todo-stage.js'

/** Each page, as axe-core sees it: by day and by night, wide and narrow. */
export async function everybodyCanUse({ demo, newPerson }: TodoStage): Promise<void> {
  // The pages' own policy lets no other script in, and axe-core is one.
  const reader = await newPerson({ bypassCSP: true })

  await step('axe-core finds nothing on the list: nobody’s, a guest’s, with an error', async () => {
    await open(reader, demo.address)
    await is(reader, /^Nobody yet$/)
    await audit(reader)
    await add(reader, 'Read')
    await add(reader, 'A'.repeat(200))
    await reader.getByRole('checkbox', { name: 'Read' }).check()
    await is(reader, /^Guest /)
    await reader.getByLabel('What is there to do?').fill('Read')
    await reader.keyboard.press('Enter')
    await isTold(reader, /already/)
    await audit(reader)
  })

  await step('nor where a guest leaves, and on the log in page, with and without an error', async () => {
    await open(reader, `${demo.address}/logout`)
    await audit(reader)
    await open(reader, `${demo.address}/login`)
    await is(reader, /^Guest /)
    await audit(reader)
    await fill(reader, { Username: 'nobody', Password: 'no password' })
    await reader.keyboard.press('Enter')
    await isTold(reader, /do not belong together/)
    await audit(reader)
  })

  await step(
    'nor on the form that saves the list, with and without errors, and on a member’s list',
    async () => {
      await open(reader, `${demo.address}/convert?next=/`)
      await audit(reader)
      await reader.evaluate('document.forms[0].noValidate = true')
      assert.equal(await press(reader, 'Create'), 422)
      await audit(reader)
      await fill(reader, { Username: 'reader', 'The same password again': PASSWORD })
      await reader.getByLabel('Password', { exact: true }).fill(PASSWORD)
      assert.equal(await press(reader, 'Create'), 200)
      await is(reader, /^reader$/)
      await sees(reader, 'Read ✓', 'A'.repeat(200))
      await audit(reader)
    },
  )
}
