import assert from 'node:assert/strict'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { startDemo } from './demo.js'
import { step } from './steps.js'

/** The inbox shows all links, so the demo must not use it in production. */
export async function checkProduction(): Promise<void> {
  await step(
    'in production the demo does not start without a mail server, and the error names the setting',
    async () => {
      await assert.rejects(
        startDemo('references', join(tmpdir(), 'references-never-made'), {
          NODE_ENV: 'production',
          SMTP_URL: undefined,
        }),
        /Set SMTP_URL to your/,
      )
    },
  )
}
