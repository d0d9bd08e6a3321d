import assert from 'node:assert/strict'
import { chip, look, open, press, text } from './people.js'
import type { Stage } from './stage.js'
import { step } from './steps.js'

/** What outlasts the process, and what must not have happened on the way. */
export async function afterwards({ complaints, demo, fred, links, newPerson }: Stage): Promise<void> {
  await step('after a restart everything is still there: the account, the session, the links', async () => {
    await demo.restart()
    await open(fred, `${demo.address}/requests`)
    assert.equal(await chip(fred), 'member fred')
    assert.match(await text(fred), /backwards and in high heels/)
    const irving = await newPerson()
    const samePath = new URL(links.interview)
    assert.equal(await open(irving, demo.address + samePath.pathname + samePath.search), 200)
    assert.equal(await press(irving, 'Continue'), 200)
    assert.match(await text(irving), /high heels/)
  })

  await step('it is as readable in the dark', async () => {
    await fred.emulateMedia({ colorScheme: 'dark' })
    await look(fred, '25-requests-dark')
    await open(fred, demo.address)
    await look(fred, '26-home-dark')
  })

  await step('neither the server nor the browsers had anything to complain of, but the mail server', () => {
    const said = demo
      .complaints()
      .filter(
        (line) =>
          !/^ {4}at |^\(Use `node --trace|^See node_modules\/passport-ephemeral\/docs\/doctor\.md#/.test(
            line,
          ),
      )
    const ofOutbox = said.filter((line) => /^E-mail \d+ stays in the outbox: .*452/.test(line))
    const ofSelfService = said.filter((line) => /\[SELF_SERVICE_SEND_FAILED\].*452/.test(line))
    assert.deepEqual([ofOutbox.length, ofSelfService.length], [3, 2])
    const unexpected = said.filter((line) => ![...ofOutbox, ...ofSelfService].includes(line))
    assert.deepEqual([...unexpected, ...complaints], [])
    return Promise.resolve()
  })
}
