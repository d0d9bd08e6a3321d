import assert from 'node:assert/strict'
import { after, before, test } from 'node:test'
import { FederatedIdentity, Note, User } from '../../examples/oauth/models.js'
import type { Person } from '../../examples/oauth/provider/people.js'
import type { Browser, Page } from './oauth-browser.js'
import { startStage, type Stage } from './oauth-stage.js'

const people: Person[] = []
let stage: Stage

before(async () => {
  stage = await startStage(people)
})
after(() => stage.close())

/** Each test has its own people. */
function person(sub: string, more: Partial<Person> = {}): Person {
  const made = {
    sub,
    preferred_username: sub,
    email: `${sub}@example.com`,
    email_verified: true,
    ...more,
  }
  people.push(made)
  return made
}

/** Signs in at the provider, and returns the address of the callback. */
async function returnFromProvider(browser: Browser, sub: string): Promise<URL> {
  const asked = await browser.redirect(await browser.redirect('/sign-in', {}))
  return await browser.redirect(await browser.redirect(asked, { sub }))
}

async function signIn(browser: Browser, { sub }: { sub: string }): Promise<Page> {
  return await browser.get((await returnFromProvider(browser, sub)).href)
}

interface Shown {
  readonly name: string
  readonly kind: string
  readonly id: number
}

function shown({ text }: Page): Shown | undefined {
  const [, name = '', kind = '', id] = /You are <strong>(.*?)<\/strong>, (.*?) number (\d+)/.exec(text) ?? []
  return name === '' ? undefined : { name, kind, id: Number(id) }
}

async function createGuest(browser: Browser, text: string): Promise<Shown> {
  const guest = shown(await browser.post('/notes', { text }))
  assert.equal(guest?.kind, 'guest')
  return guest
}

async function notesOf(userId: number): Promise<string[]> {
  return (await Note.findAll({ where: { userId }, order: ['text'] })).map(({ text }) => text)
}

async function ownersOf({ sub }: Person): Promise<number[]> {
  return (await FederatedIdentity.findAll({ where: { subject: sub } })).map(({ userId }) => userId)
}

test('a guest who signs in for the first time keeps the id and the notes, in a new session', async () => {
  const fred = person('fred')
  const browser = stage.browser()
  const guest = await createGuest(browser, 'buy milk')
  const session = browser.cookies()

  const page = await signIn(browser, fred)

  assert.deepEqual(shown(page), { name: 'fred', kind: 'regular user', id: guest.id })
  assert.deepEqual(await notesOf(guest.id), ['buy milk'])
  const user = await User.findByPk(guest.id)
  assert.equal(user?.email, 'fred@example.com')
  assert.ok(user.emailVerifiedAt)
  assert.deepEqual(
    (await FederatedIdentity.findAll({ where: { userId: guest.id } })).map(({ issuer, subject }) => [
      issuer,
      subject,
    ]),
    [[stage.issuer, 'fred']],
  )
  assert.notEqual(browser.cookies(), session)
  assert.equal(shown(await stage.browser(session).get('/')), undefined, 'the guest session is over')
})

test('the request to the provider has a state, a nonce and a PKCE challenge', async () => {
  const { searchParams } = await stage.browser().redirect('/sign-in', {})
  assert.ok(searchParams.get('state'))
  assert.ok(searchParams.get('nonce'))
  assert.ok(searchParams.get('code_challenge'))
  assert.equal(searchParams.get('code_challenge_method'), 'S256')
})

test('a user whose name is taken gets a free one', async () => {
  const taken = person('wilma-1', { preferred_username: 'wilma' })
  const second = person('wilma-2', { preferred_username: 'wilma' })
  await signIn(stage.browser(), taken)
  const browser = stage.browser()
  const guest = await createGuest(browser, 'a note')

  const user = shown(await signIn(browser, second))

  assert.equal(user?.id, guest.id)
  assert.match(user.name, /^wilma\d\d$/)
})

test('a name that is not valid as a username is changed to a valid one', async () => {
  const odd = person('odd', { preferred_username: ' <b>Zoë</b> ' + 'x'.repeat(50) })
  const empty = person('empty', { preferred_username: '😀' })
  assert.equal(shown(await signIn(stage.browser(), odd))?.name, ('bZoëb' + 'x'.repeat(50)).slice(0, 30))
  assert.equal(shown(await signIn(stage.browser(), empty))?.name, 'user')
})

test('an anonymous client gets an account, and the same account at the next sign-in', async () => {
  const barney = person('barney')
  const first = shown(await signIn(stage.browser(), barney))
  const again = shown(await signIn(stage.browser(), barney))
  assert.deepEqual(first, { name: 'barney', kind: 'regular user', id: first?.id })
  assert.deepEqual(again, first)
})

test('a guest who signs in on a second device has the notes of both devices in the account', async () => {
  const betty = person('betty')
  const account = await createGuest(stage.browser(), 'not hers')
  const first = stage.browser()
  const { id } = await createGuest(first, 'from home')
  await signIn(first, betty)
  const second = stage.browser()
  const guest = await createGuest(second, 'on the bus')

  assert.deepEqual(shown(await signIn(second, betty)), { name: 'betty', kind: 'regular user', id })

  assert.deepEqual(await notesOf(id), ['from home', 'on the bus'])
  assert.equal(await User.findByPk(guest.id), null)
  assert.deepEqual(await notesOf(account.id), ['not hers'])
})

test('two tabs of one guest that sign in in parallel get one account and one identity', async () => {
  const pebbles = person('pebbles')
  const browser = stage.browser()
  const guest = await createGuest(browser, 'a note')
  const session = browser.cookies()

  const firstIsThere = stage.synchronizeTwo()
  const first = browser.get((await returnFromProvider(browser, pebbles.sub)).href)
  await firstIsThere
  const otherTab = stage.browser(session)
  const second = otherTab.get((await returnFromProvider(otherTab, pebbles.sub)).href)

  for (const page of await Promise.all([first, second])) {
    assert.deepEqual(shown(page), { name: 'pebbles', kind: 'regular user', id: guest.id })
  }
  assert.deepEqual(await ownersOf(pebbles), [guest.id])
  assert.deepEqual(await notesOf(guest.id), ['a note'])
})

test('two devices that sign in in parallel for the first time get one account, with the notes of both', async () => {
  const dino = person('dino')
  const [first, second] = [stage.browser(), stage.browser()]
  const guests = [await createGuest(first, 'first'), await createGuest(second, 'second')]
  const returns = [
    await returnFromProvider(first, dino.sub),
    await returnFromProvider(second, dino.sub),
  ] as const

  void stage.synchronizeTwo()
  const pages = await Promise.all([first.get(returns[0].href), second.get(returns[1].href)])

  const [id = 0, ...others] = await ownersOf(dino)
  assert.deepEqual(others, [])
  for (const page of pages) assert.deepEqual(shown(page), { name: 'dino', kind: 'regular user', id })
  assert.deepEqual(await notesOf(id), ['first', 'second'])
  assert.equal(await User.count({ where: { id: guests.map((guest) => guest.id) } }), 1)
})

test('a callback with a state of another session is refused, and the guest is unchanged', async () => {
  const bammbamm = person('bammbamm')
  const browser = stage.browser()
  const guest = await createGuest(browser, 'a note')
  const answer = await returnFromProvider(browser, bammbamm.sub)
  answer.searchParams.set('state', 'forged')

  const page = await browser.get(answer.href)

  assert.equal(page.status, 400)
  assert.deepEqual(shown(await browser.get('/')), guest)
  assert.deepEqual(await notesOf(guest.id), ['a note'])
  assert.deepEqual(await ownersOf(bammbamm), [])
})

test('a callback for another browser is refused', async () => {
  const gazoo = person('gazoo')
  const answer = await returnFromProvider(stage.browser(), gazoo.sub)
  const browser = stage.browser()
  const guest = await createGuest(browser, 'a note')

  const page = await browser.get(answer.href)

  assert.match(page.text, /You were not signed in/)
  assert.deepEqual(shown(page), guest)
})

test('a guest who cancels the sign-in at the provider is unchanged', async () => {
  const browser = stage.browser()
  const guest = await createGuest(browser, 'a note')

  const page = await signIn(browser, { sub: '' })

  assert.match(page.text, /You were not signed in/)
  assert.deepEqual(shown(page), guest)
  assert.deepEqual(await notesOf(guest.id), ['a note'])
})

test('a regular user can add a second account of the provider', async () => {
  const [work, home] = [person('work'), person('home')]
  const browser = stage.browser()
  const user = shown(await signIn(browser, work))

  browser.forget(stage.issuer)
  assert.deepEqual(shown(await signIn(browser, home)), user)
  assert.deepEqual(shown(await signIn(stage.browser(), home)), user)
})

test('a regular user can neither add another user’s identity nor become that user', async () => {
  const [hers, his] = [person('hers'), person('his')]
  const owner = shown(await signIn(stage.browser(), hers))
  const browser = stage.browser()
  const user = shown(await signIn(browser, his))

  browser.forget(stage.issuer)
  const page = await signIn(browser, hers)

  assert.equal(page.status, 409)
  assert.deepEqual(shown(await browser.get('/')), user)
  assert.deepEqual(await ownersOf(hers), [owner?.id])
})

test('no account is found by an e-mail address, verified or not', async () => {
  const victim = person('victim')
  const sameAddress = person('same', { email: 'Victim@example.com' })
  const unverified = person('unverified', { email: 'unverified@example.com', email_verified: false })
  const owner = shown(await signIn(stage.browser(), victim))

  const page = await signIn(stage.browser(), sameAddress)
  const other = shown(page)
  assert.notEqual(other?.id, owner?.id)
  assert.match(page.text, /Your account has no e-mail address/)
  assert.equal((await User.findByPk(other?.id))?.email, null)
  assert.equal((await User.findByPk(owner?.id))?.email, 'victim@example.com')

  const third = shown(await signIn(stage.browser(), unverified))
  assert.equal((await User.findByPk(third?.id))?.email, null)
  assert.equal((await User.findByPk(third?.id))?.emailVerifiedAt, null)
})

test('two subjects that differ only by letter case are two users', async () => {
  const small = shown(await signIn(stage.browser(), person('case', { email_verified: false })))
  const capital = shown(await signIn(stage.browser(), person('CASE', { email_verified: false })))
  assert.ok(small && capital)
  assert.notEqual(capital.id, small.id)
})

test('neither a link nor another site can start a sign-in', async () => {
  const browser = stage.browser()
  assert.equal((await browser.get('/sign-in')).status, 404)
  const home = await browser.get('/sign-in/callback')
  assert.match(home.text, /You were not signed in/)
  const address = new URL(home.url)
  for (const headers of [{ Origin: 'https://evil.test' }, { 'Sec-Fetch-Site': 'cross-site' }]) {
    const response = await fetch(new URL('/sign-in', address), {
      method: 'POST',
      redirect: 'manual',
      headers,
    })
    assert.equal(response.status, 403)
    assert.equal(response.headers.get('set-cookie'), null)
  }
})
