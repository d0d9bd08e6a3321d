import assert from 'node:assert/strict'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { startDemo } from './demo.js'
import { step } from './steps.js'

/** What keeps the inbox, and everybody's links with it, off the internet. */
export async function refuseInProduction(): Promise<void> {
  await step('in production the demo does not start without a mail server, and says what to do', async () => {
    await assert.rejects(
      startDemo('references', join(tmpdir(), 'references-never-made'), {
        NODE_ENV: 'production',
        SMTP_URL: undefined,
      }),
      /Set SMTP_URL to your/,
    )
  })
}
