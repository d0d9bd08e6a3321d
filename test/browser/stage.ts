import type { BrowserContextOptions, Page } from 'playwright-core'
import type { Demo } from './demo.js'
import type { Mailbox } from './mailbox.js'

/** Who is there when the demo is its own mail server. */
export type InboxStage = Pick<Stage, 'demo' | 'fred' | 'ginger' | 'complaints'>

/** Who and what the walk is about. Each person has a browser that shares nothing with the others'. */
export interface Stage {
  readonly demo: Demo
  /** Where the demo's e-mails arrive. */
  readonly mailbox: Mailbox
  readonly fred: Page
  readonly ginger: Page
  readonly outsider: Page
  readonly newPerson: (options?: BrowserContextOptions) => Promise<Page>
  /** What the demo signs its links with. */
  readonly visitorSecret: string
  /** The links out of the e-mails, once these have come. */
  readonly links: { reference: string; interview: string }
  /** What the browsers had to complain of. */
  readonly complaints: readonly string[]
}
