/**
 * Walks through `examples/references` as its people would, in real browsers and with real e-mails: once with a mail
 * server of the walk's own, once with the demo's inbox. `npm run test:browser`; `CHROMIUM` names the browser; with
 * `DATABASE_URL` the demo runs on a fresh database of that server. Leaves pictures in `screenshots/`.
 */
import { randomBytes } from 'node:crypto'
import { mkdir } from 'node:fs/promises'
import type { Browser, BrowserContextOptions } from 'playwright-core'
import { everybodyCanRead } from './accessibility.js'
import { afterwards } from './afterwards.js'
import { gingerAnswers } from './answering.js'
import { fredAsks } from './asking.js'
import { launchBrowser } from './browser.js'
import { withDemo, type Demo } from './demo.js'
import { readInDemo } from './inbox.js'
import { threeOpenOneLink } from './limited-link.js'
import { openMailbox, type Mailbox } from './mailbox.js'
import { person, PICTURES } from './people.js'
import { refuseInProduction } from './production.js'
import { readersLetThemselvesIn } from './self-service.js'
import { fredStays } from './staying.js'
import { tally } from './steps.js'

async function walk(browser: Browser, demo: Demo, mailbox: Mailbox, visitorSecret: string): Promise<void> {
  const complaints: string[] = []
  const newPerson = (options?: BrowserContextOptions) => person(browser, complaints, options)
  const stage = {
    demo,
    mailbox,
    fred: await newPerson(),
    ginger: await newPerson(),
    outsider: await newPerson(),
    newPerson,
    visitorSecret,
    links: { reference: '', interview: '' },
    complaints,
  }
  await fredAsks(stage)
  await gingerAnswers(stage)
  await fredStays(stage)
  await threeOpenOneLink(stage)
  await readersLetThemselvesIn(stage)
  await everybodyCanRead(stage)
  await afterwards(stage)
}

async function withMailServer(browser: Browser): Promise<void> {
  const mailbox = await openMailbox()
  try {
    const visitorSecret = randomBytes(32).toString('base64url')
    const settings = {
      SMTP_URL: mailbox.url,
      MAIL_FROM: 'References <references@example.com>',
      VISITOR_SECRET: visitorSecret,
    }
    await withDemo('references', settings, (demo) => walk(browser, demo, mailbox, visitorSecret))
  } finally {
    await mailbox.close()
  }
}

async function withoutMailServer(browser: Browser): Promise<void> {
  await withDemo('references', { SMTP_URL: undefined, MAIL_FROM: undefined }, async (demo) => {
    const complaints: string[] = []
    const [fred, ginger] = [await person(browser, complaints), await person(browser, complaints)]
    await readInDemo({ demo, fred, ginger, complaints })
  })
}

await mkdir(PICTURES, { recursive: true })
try {
  const browser = await launchBrowser()
  try {
    await withMailServer(browser)
    await withoutMailServer(browser)
  } finally {
    await browser.close()
  }
  await refuseInProduction()
} catch (error) {
  tally.failed ||= 1
  console.error(error)
}
console.log(`${tally.passed} passed, ${tally.failed} failed`)
process.exitCode = tally.failed === 0 ? 0 : 1
