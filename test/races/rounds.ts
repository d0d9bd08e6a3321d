import assert from 'node:assert/strict'
import { Browser, type Answer } from './browser.js'
import type { Models } from './models.js'

/** The context of a round. */
export interface Stage {
  readonly models: Models
  readonly origins: readonly string[]
  /** Returns an unused name. */
  readonly newName: () => string
}

/** Sends several requests in parallel, and checks the result. */
export type Round = (stage: Stage) => Promise<void>

/** The rounds by their names. */
export const rounds: Readonly<Record<string, Round>> = {
  async 'parallel first requests'({ models: { Guest }, origins }) {
    const browser = new Browser(origins)
    await browser.post('/begin')
    const answers = await Promise.all(Array.from({ length: 4 }, () => browser.copy().soon('/guest')))
    const ids = new Set(answers.map(({ body }) => body.user?.id))
    assert.deepEqual(statuses(answers), [200])
    assert.equal(ids.size, 1)
    assert.equal(await Guest.count({ where: { userId: [...ids].map(Number) } }), 1)
  },

  async 'parallel conversions'(stage) {
    const { id, browser, titles } = await guestWithTodos(stage)
    const names = Array.from({ length: 3 }, stage.newName)
    const answers = await Promise.all(names.map((username) => browser.copy().soon('/convert', { username })))
    const winners = names.filter((_name, place) => answers[place]?.status === 200)
    assert.equal(winners.length, 1, JSON.stringify(answers))
    assert.deepEqual(
      statuses(answers.filter(({ status }) => status !== 200)).filter((s) => ![401, 409].includes(s)),
      [],
    )
    assert.equal(await nameOf(stage, id), winners[0])
    await has(stage, id, titles)
    await opensNothing(browser)
  },

  async 'conversion against clean-up'(stage) {
    const { id, browser, titles } = await guestWithTodos(stage)
    const username = stage.newName()
    const later = stage.newName()
    const [converted, cleaned, todo] = await Promise.all([
      browser.copy().soon('/convert', { username }),
      browser.copy().soon(`/clean-up/${String(id)}`),
      browser.copy().soon('/todos', { title: later }),
    ])
    assert.equal(cleaned.status, 200)
    assert.equal(
      converted.status === 200,
      cleaned.body.deleted === false,
      JSON.stringify([converted, cleaned]),
    )
    if (converted.status === 200) {
      assert.equal(await nameOf(stage, id), username)
      await has(stage, id, [...titles, ...(todo.status === 200 ? [later] : [])])
    } else {
      assert.ok([401, 409].includes(converted.status), JSON.stringify(converted))
      assert.equal(await nameOf(stage, id), undefined)
      await has(stage, id, [])
    }
    await opensNothing(browser)
  },

  async 'conversion against merge'(stage) {
    const { id, browser, titles } = await guestWithTodos(stage)
    const account = await newAccount(stage)
    const username = stage.newName()
    const later = stage.newName()
    const [converted, login, todo] = await Promise.all([
      browser.copy().soon('/convert', { username }),
      browser.copy().soon('/login', { username: account.username, password: 'x' }),
      browser.copy().soon('/todos', { title: later }),
    ])
    assert.equal(login.status, 200, JSON.stringify(login))
    assert.equal(login.body.user?.id, account.id)
    const all = [...titles, ...(todo.status === 200 ? [later] : [])]
    if (converted.status === 200) {
      assert.equal(await nameOf(stage, id), username)
      await has(stage, id, all)
      await has(stage, account.id, [])
    } else {
      assert.ok([401, 409].includes(converted.status), JSON.stringify(converted))
      assert.equal(await nameOf(stage, id), undefined)
      await has(stage, account.id, all)
    }
    await opensNothing(browser)
  },

  async 'merge against merge, into one account'(stage) {
    const { id, browser, titles } = await guestWithTodos(stage)
    const account = await newAccount(stage)
    const later = stage.newName()
    const credentials = { username: account.username, password: 'x' }
    const [one, two, todo] = await Promise.all([
      browser.copy().soon('/login', credentials),
      browser.copy().soon('/login', credentials),
      browser.copy().soon('/todos', { title: later }),
    ])
    assert.deepEqual(statuses([one, two]), [200], JSON.stringify([one, two]))
    assert.equal(await nameOf(stage, id), undefined)
    await has(stage, account.id, [...titles, ...(todo.status === 200 ? [later] : [])])
    await opensNothing(browser)
  },

  async 'merge against merge, into two accounts'(stage) {
    const { id, browser, titles } = await guestWithTodos(stage)
    const accounts = [await newAccount(stage), await newAccount(stage)]
    const answers = await Promise.all(
      accounts.map(({ username }) => browser.copy().soon('/login', { username, password: 'x' })),
    )
    assert.deepEqual(statuses(answers), [200], JSON.stringify(answers))
    assert.equal(await nameOf(stage, id), undefined)
    const owned = await Promise.all(accounts.map((account) => titlesOf(stage, account.id)))
    assert.deepEqual(
      owned.map(({ length }) => length).sort((a, b) => a - b),
      [0, titles.length],
    )
    await opensNothing(browser)
  },

  async 'two guests merging into one account'(stage) {
    const guests = [await guestWithTodos(stage), await guestWithTodos(stage)]
    const account = await newAccount(stage)
    const answers = await Promise.all(
      guests.map(({ browser }) =>
        browser.copy().soon('/login', { username: account.username, password: 'x' }),
      ),
    )
    assert.deepEqual(statuses(answers), [200], JSON.stringify(answers))
    await has(
      stage,
      account.id,
      guests.flatMap(({ titles }) => titles),
    )
    for (const { browser } of guests) await opensNothing(browser)
  },

  async 'merge against clean-up'(stage) {
    const { id, browser, titles } = await guestWithTodos(stage)
    const account = await newAccount(stage)
    const [login, cleaned] = await Promise.all([
      browser.copy().soon('/login', { username: account.username, password: 'x' }),
      browser.copy().soon(`/clean-up/${String(id)}`),
    ])
    assert.deepEqual(statuses([login, cleaned]), [200], JSON.stringify([login, cleaned]))
    assert.equal(await nameOf(stage, id), undefined)
    await has(stage, account.id, cleaned.body.deleted === true ? [] : titles)
    await opensNothing(browser)
  },
}

async function guestWithTodos(stage: Stage): Promise<{ id: number; browser: Browser; titles: string[] }> {
  const browser = new Browser(stage.origins)
  const { body, status } = await browser.post('/guest')
  assert.equal(status, 200)
  const titles = [stage.newName(), stage.newName()]
  for (const title of titles) assert.equal((await browser.post('/todos', { title })).status, 200)
  return { id: body.user?.id ?? 0, browser, titles }
}

async function newAccount({ models: { User }, newName }: Stage): Promise<{ id: number; username: string }> {
  return await User.create({ username: newName() })
}

async function nameOf({ models: { User } }: Stage, id: number): Promise<string | undefined> {
  return (await User.findByPk(id))?.username
}

async function titlesOf({ models: { Todo } }: Stage, userId: number): Promise<string[]> {
  return (await Todo.findAll({ where: { userId } })).map(({ title }) => title)
}

/** Checks that a user has exactly these to-dos. */
async function has(stage: Stage, userId: number, titles: readonly string[]): Promise<void> {
  assert.deepEqual((await titlesOf(stage, userId)).sort(), [...titles].sort())
}

/** Checks that the guest's old cookie restores no user. */
async function opensNothing(browser: Browser): Promise<void> {
  const { body } = await browser.copy().get('/who')
  assert.equal(body.user, null)
}

function statuses(answers: readonly Answer[]): number[] {
  return [...new Set(answers.map(({ status }) => status))]
}
