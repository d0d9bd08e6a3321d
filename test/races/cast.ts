import assert from 'node:assert/strict'
import { randomInt } from 'node:crypto'
import { bodyOf, Browser } from '../support/browser.js'
import { Traffic } from '../support/traffic.js'
import type { Models } from './models.js'

/** What all rounds have in common. */
export interface Stage {
  readonly models: Models
  /** Of the two processes. */
  readonly origins: readonly [string, string]
  /** Returns an unused name. */
  readonly newName: () => string
}

/** What the two operations of a round need. */
export interface Needs {
  readonly guest?: boolean
  readonly pendingConversion?: boolean
  readonly passes?: boolean
}

/** The people and rows of one round. */
export interface Cast {
  readonly stage: Stage
  /** All requests of the round. */
  readonly traffic: Traffic
  /** Two tabs of one browser. Their requests reach different processes. */
  readonly tabs: readonly [Browser, Browser]
  /** The browser with its cookies of the beginning. */
  readonly before: Browser
  /** The operator's, without a session, of each process. */
  readonly operators: readonly [Browser, Browser]
  readonly guest: { readonly id: number; readonly title: string } | undefined
  /** Into which the two operations merge; often the same. */
  readonly accounts: readonly [Account, Account]
  readonly email: string
  readonly pending: Pending | undefined
  readonly passes: { readonly plain: Pass; readonly limited: Pass } | undefined
}

export interface Account {
  readonly id: number
  readonly username: string
}

/** A conversion that waits for its link or its code. */
export interface Pending {
  readonly username: string
  /** The path that the link in the message opens. */
  readonly link: string
  readonly code: string
}

export interface Pass {
  readonly id: number
  readonly link: string
}

export const PASSWORD = 'a list of lists of lists'

/** A guest with a to-do, or an anonymous browser that has a session, and what the operations need. */
export async function castFor(stage: Stage, needs: Needs): Promise<Cast> {
  const { models, newName } = stage
  const origins = [...stage.origins] as [string, string]
  if (randomInt(2) === 0) origins.reverse()
  const traffic = new Traffic()
  const browser = new Browser(origins[0], traffic)
  const email = `${newName()}@example.test`
  const title = newName()
  const isGuest = needs.guest === true || randomInt(2) === 0
  await browser.postJson(isGuest ? '/guest' : '/begin', {})
  const written = isGuest ? bodyOf(await browser.postJson('/todos', { title })) : undefined
  const pending =
    needs.pendingConversion === true ? await askForConversion(browser, newName(), email) : undefined
  const passes = needs.passes === true ? await invite(models, email) : undefined
  // Shows the button, and gives the browser the cookie that makes a double click one use.
  if (passes !== undefined) assert.equal((await browser.get(passes.limited.link, HTML)).status, 200)
  const account = await newAccount(stage)
  return {
    stage,
    traffic,
    tabs: [browser, browser.tab(origins[1])],
    before: browser.copy(),
    operators: [new Browser(origins[0], traffic), new Browser(origins[1], traffic)],
    guest: written && { id: Number(written['userId']), title },
    accounts: [account, randomInt(2) === 0 ? account : await newAccount(stage)],
    email,
    pending,
    passes,
  }
}

export const HTML = 'text/html'

async function newAccount({ models: { User }, newName }: Stage): Promise<Account> {
  const { id, username } = await User.create({ username: newName() })
  return { id, username }
}

async function askForConversion(browser: Browser, username: string, email: string): Promise<Pending> {
  const fields = { username, email, password: PASSWORD, passwordAgain: PASSWORD }
  const asked = await browser.postForm('/verified', fields)
  assert.equal(asked.status, 303, asked.text)
  const { link, code } = bodyOf(await browser.get(`/mails/${email}`))
  const { pathname, search } = new URL(String(link))
  return { username, link: pathname + search, code: String(code) }
}

async function invite({ Visitor }: Models, email: string): Promise<{ plain: Pass; limited: Pass }> {
  const pass = async (maxUses: number | null): Promise<Pass> => {
    const made = await Visitor.create({ email, scope: 'RACE', maxUses })
    return { id: made.id, link: made.tokenise('/visit') }
  }
  return { plain: await pass(null), limited: await pass(1) }
}
