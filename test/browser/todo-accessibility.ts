import assert from 'node:assert/strict'
import { audit } from './audit.js'
import { fill, open, PASSWORD, press } from './people.js'
import { step } from './steps.js'
import { add, showsUser, showsError, showsList, type TodoStage } from './todo-stage.js'

/** Each page, checked with axe-core: light and dark, wide and narrow. */
export async function checkAccessibility({ demo, newPerson }: TodoStage): Promise<void> {
  // The pages' own policy would block axe-core.
  const reader = await newPerson({ bypassCSP: true })

  await step('axe-core finds no violation on the list: anonymous, of a guest, with an error', async () => {
    await open(reader, demo.address)
    await showsUser(reader, /^Not logged in$/)
    await audit(reader)
    await add(reader, 'Read')
    await add(reader, 'A'.repeat(200))
    await reader.getByRole('checkbox', { name: 'Read' }).check()
    await showsUser(reader, /^Guest /)
    await reader.getByLabel('What is there to do?').fill('Read')
    await reader.keyboard.press('Enter')
    await showsError(reader, /already/)
    await audit(reader)
  })

  await step(
    'axe-core finds no violation on the logout page, and on the login page with and without an error',
    async () => {
      await open(reader, `${demo.address}/logout`)
      await audit(reader)
      await open(reader, `${demo.address}/login`)
      await showsUser(reader, /^Guest /)
      await audit(reader)
      await fill(reader, { Username: 'unknown', Password: 'no password' })
      await reader.keyboard.press('Enter')
      await showsError(reader, /is wrong/)
      await audit(reader)
    },
  )

  await step(
    'axe-core finds no violation on the form that saves the list, with and without errors, and on a regular user’s list',
    async () => {
      await open(reader, `${demo.address}/convert?next=/`)
      await audit(reader)
      await reader.evaluate('document.forms[0].noValidate = true')
      assert.equal(await press(reader, 'Create'), 422)
      await audit(reader)
      await fill(reader, { Username: 'reader', 'The same password again': PASSWORD })
      await reader.getByLabel('Password', { exact: true }).fill(PASSWORD)
      assert.equal(await press(reader, 'Create'), 200)
      await showsUser(reader, /^reader$/)
      await showsList(reader, 'Read ✓', 'A'.repeat(200))
      await audit(reader)
    },
  )
}
