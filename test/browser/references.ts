/**
 * Walks through `examples/references` as its people would, in real browsers: `npm run test:browser`. `CHROMIUM` names
 * the browser; with `DATABASE_URL` the demo runs on a fresh database of that server. Leaves pictures in `screenshots/`.
 */
import { mkdir, mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { chromium, type Browser } from 'playwright-core'
import { afterwards } from './afterwards.js'
import { gingerAnswers } from './answering.js'
import { fredAsks } from './asking.js'
import { startDemo, type Demo } from './demo.js'
import { person, PICTURES } from './people.js'
import { fredStays } from './staying.js'
import { tally } from './steps.js'

async function walk(browser: Browser, demo: Demo): Promise<void> {
  const complaints: string[] = []
  const newPerson = () => person(browser, complaints)
  const stage = {
    demo,
    fred: await newPerson(),
    ginger: await newPerson(),
    outsider: await newPerson(),
    newPerson,
    links: { reference: '', interview: '' },
    complaints,
  }
  await fredAsks(stage)
  await gingerAnswers(stage)
  await fredStays(stage)
  await afterwards(stage)
}

function launch(): Promise<Browser> {
  return chromium.launch({
    executablePath: process.env['CHROMIUM'] ?? '/usr/bin/chromium',
    args: [
      '--headless',
      '--no-sandbox',
      '--disable-gpu',
      '--disable-quic',
      '--no-first-run',
      '--disable-background-networking',
      '--disable-component-update',
      '--disable-sync',
    ],
  })
}

await mkdir(PICTURES, { recursive: true })
const folder = await mkdtemp(join(tmpdir(), 'references-'))
try {
  const demo = await startDemo(folder)
  try {
    const browser = await launch()
    try {
      await walk(browser, demo)
    } finally {
      await browser.close()
    }
  } finally {
    await demo.stop()
  }
} catch (error) {
  tally.failed ||= 1
  console.error(error)
} finally {
  await rm(folder, { recursive: true, force: true })
}
console.log(`${tally.passed} passed, ${tally.failed} failed`)
process.exitCode = tally.failed === 0 ? 0 : 1
