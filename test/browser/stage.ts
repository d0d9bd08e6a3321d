import type { Page } from 'playwright-core'
import type { Demo } from './demo.js'

/** Who and what the walk is about. Each person has a browser that shares nothing with the others'. */
export interface Stage {
  readonly demo: Demo
  readonly fred: Page
  readonly ginger: Page
  readonly outsider: Page
  readonly newPerson: () => Promise<Page>
  /** The links out of Fred's outbox, once they are there. */
  readonly links: { reference: string; interview: string }
  /** What the browsers had to complain of. */
  readonly complaints: readonly string[]
}
