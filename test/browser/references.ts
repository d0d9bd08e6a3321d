/**
 * Tests `examples/references` in real browsers with real e-mails: once with a mail server, once with the demo's inbox.
 * Run it by `npm run test:browser`. `CHROMIUM` names the browser; with `DATABASE_URL` the demo runs on a fresh database
 * of that server. Screenshots are stored in `screenshots/`.
 */
import { randomBytes } from 'node:crypto'
import { mkdir } from 'node:fs/promises'
import type { Browser, BrowserContextOptions } from 'playwright-core'
import { checkAccessibility } from './accessibility.js'
import { checkAfterRestart } from './afterwards.js'
import { answerReference } from './answering.js'
import { requestReference } from './asking.js'
import { launchBrowser } from './browser.js'
import { withDemo, type Demo } from './demo.js'
import { useInbox } from './inbox.js'
import { useLimitedLink } from './limited-link.js'
import { openMailbox, type Mailbox } from './mailbox.js'
import { operate } from './operating.js'
import { person, PICTURES } from './people.js'
import { checkProduction } from './production.js'
import { useSelfService } from './self-service.js'
import { convertGuest } from './staying.js'
import { tally } from './steps.js'

async function runAll(browser: Browser, demo: Demo, mailbox: Mailbox, visitorSecret: string): Promise<void> {
  const reportedErrors: string[] = []
  const newPerson = (options?: BrowserContextOptions) => person(browser, reportedErrors, options)
  const stage = {
    demo,
    mailbox,
    fred: await newPerson(),
    ginger: await newPerson(),
    outsider: await newPerson(),
    newPerson,
    visitorSecret,
    links: { reference: '', interview: '' },
    reportedErrors,
  }
  await requestReference(stage)
  await answerReference(stage)
  await convertGuest(stage)
  await useLimitedLink(stage)
  await useSelfService(stage)
  await operate(stage)
  await checkAccessibility(stage)
  await checkAfterRestart(stage)
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
    await withDemo('references', settings, (demo) => runAll(browser, demo, mailbox, visitorSecret))
  } finally {
    await mailbox.close()
  }
}

async function withoutMailServer(browser: Browser): Promise<void> {
  await withDemo('references', { SMTP_URL: undefined, MAIL_FROM: undefined }, async (demo) => {
    const reportedErrors: string[] = []
    const [fred, ginger] = [await person(browser, reportedErrors), await person(browser, reportedErrors)]
    await useInbox({ demo, fred, ginger, reportedErrors })
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
  await checkProduction()
} catch (error) {
  tally.failed ||= 1
  console.error(error)
}
console.log(`${tally.passed} passed, ${tally.failed} failed`)
process.exitCode = tally.failed === 0 ? 0 : 1
