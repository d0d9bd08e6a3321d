import type { BrowserContextOptions, Page } from 'playwright-core'
import type { Demo } from './demo.js'
import type { Mailbox } from './mailbox.js'

/** The participants of the test with the demo's own inbox. */
export type InboxStage = Pick<Stage, 'demo' | 'fred' | 'ginger' | 'reportedErrors'>

/** The participants of the test. Each person has a browser context of its own. */
export interface Stage {
  readonly demo: Demo
  /** The mail server that receives the demo's e-mails. */
  readonly mailbox: Mailbox
  readonly fred: Page
  readonly ginger: Page
  readonly outsider: Page
  readonly newPerson: (options?: BrowserContextOptions) => Promise<Page>
  /** The secret of the demo's links. */
  readonly visitorSecret: string
  /** The links from the e-mails, once they have arrived. */
  readonly links: { reference: string; interview: string }
  /** Errors and warnings of the browsers. */
  readonly reportedErrors: readonly string[]
}
