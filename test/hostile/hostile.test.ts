import assert from 'node:assert/strict'
import { after, before, describe, it } from 'node:test'
import { Campaign } from './campaign.js'
import { startTarget, type Target } from './target.js'

const REQUESTS = 2000
const SEED = 1

let target: Target

before(async () => {
  target = await startTarget()
})
after(() => target.close())

describe('an application with everything of the package mounted', () => {
  it('answers hostile requests without a failure, a leak, or a row too many', async () => {
    const campaign = new Campaign(target, { seed: SEED, requests: REQUESTS })
    await campaign.run()
    const again = (only: number | undefined): string =>
      `npm run test:hostile -- --seed ${String(SEED)} ${only === undefined ? `--requests ${String(REQUESTS)}` : `--only ${String(only)}`}`
    assert.deepEqual(
      campaign.faults.map(({ what, only }) => `${what}\n${again(only)}`),
      [],
    )
    // The requests have reached what they were made for.
    for (const event of ['created', 'converted', 'merged', 'deleted', 'issued', 'redeemed'])
      assert.ok((campaign.events.get(event) ?? 0) > 0, event)
  })
})
