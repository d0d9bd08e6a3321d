/**
 * Tests `examples/todo` in real browsers. Run it by `npm run test:browser`. `CHROMIUM` names the browser; with
 * `DATABASE_URL` the demo runs on a fresh database of that server. Screenshots are stored in `screenshots/`.
 */
import { mkdir } from 'node:fs/promises'
import type { BrowserContextOptions } from 'playwright-core'
import { launchBrowser } from './browser.js'
import { withDemo } from './demo.js'
import { person, PICTURES } from './people.js'
import { tally } from './steps.js'
import { checkAccessibility } from './todo-accessibility.js'
import { beginList } from './todo-beginning.js'
import { convertTodoGuest } from './todo-keeping.js'
import { mergeLists } from './todo-merging.js'

await mkdir(PICTURES, { recursive: true })
try {
  const browser = await launchBrowser()
  try {
    await withDemo('todo', {}, async (demo) => {
      const reportedErrors: string[] = []
      const newPerson = (options?: BrowserContextOptions) => person(browser, reportedErrors, options)
      const stage = { demo, fred: await newPerson(), ginger: await newPerson(), newPerson, reportedErrors }
      await beginList(stage)
      await convertTodoGuest(stage)
      await checkAccessibility(stage)
      await mergeLists(stage)
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
