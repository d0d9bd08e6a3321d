/**
 * Walks through `examples/todo` as its people would, in real browsers: `npm run test:browser`; `CHROMIUM` names the
 * browser; with `DATABASE_URL` the demo runs on a fresh database of that server. Leaves pictures in `screenshots/`.
 */
import { mkdir } from 'node:fs/promises'
import type { BrowserContextOptions } from 'playwright-core'
import { launchBrowser } from './browser.js'
import { withDemo } from './demo.js'
import { person, PICTURES } from './people.js'
import { tally } from './steps.js'
import { everybodyCanUse } from './todo-accessibility.js'
import { fredBegins } from './todo-beginning.js'
import { fredKeepsIt } from './todo-keeping.js'
import { listsBecomeOne } from './todo-merging.js'

await mkdir(PICTURES, { recursive: true })
try {
  const browser = await launchBrowser()
  try {
    await withDemo('todo', {}, async (demo) => {
      const complaints: string[] = []
      const newPerson = (options?: BrowserContextOptions) => person(browser, complaints, options)
      const stage = { demo, fred: await newPerson(), ginger: await newPerson(), newPerson, complaints }
      await fredBegins(stage)
      await fredKeepsIt(stage)
      await everybodyCanUse(stage)
      await listsBecomeOne(stage)
    })
  } finally {
    await browser.close()
  }
} catch (error) {
  tally.failed ||= 1
  console.error(error)
}
console.log(`${tally.passed} passed, ${tally.failed} failed`)
process.exitCode = tally.failed === 0 ? 0 : 1
