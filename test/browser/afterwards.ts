import assert from 'node:assert/strict'
import { chip, look, open, text } from './people.js'
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
  })

  await step('it is as readable in the dark', async () => {
    await fred.emulateMedia({ colorScheme: 'dark' })
    await look(fred, '25-requests-dark')
    await open(fred, demo.address)
    await look(fred, '26-home-dark')
  })

  await step('neither the server nor the browsers had anything to complain of, but the mail server', () => {
    const unexpected = demo
      .complaints()
      .filter((line) => !/^E-mail \d+ stays in the outbox: .*452/.test(line))
    assert.deepEqual([...unexpected, ...complaints], [])
    assert.equal(demo.complaints().length, 3)
    return Promise.resolve()
  })
}
