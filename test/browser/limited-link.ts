import assert from 'node:assert/strict'
import { emailTo, linkIn } from './mailbox.js'
import { chip, fill, heading, takeScreenshots, open, press, tabStops, text } from './people.js'
import type { Stage } from './stage.js'
import { step } from './steps.js'

/** The `Accept` headers of mail scanners, link previews and antivirus software. */
const SCANNERS = [
  'text/html',
  '*/*',
  'text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8',
  'image/*',
]

/** Tests a link with `maxUses: 3`, which is redeemed by a button. */
export async function useLimitedLink({ demo, fred, mailbox, newPerson }: Stage): Promise<void> {
  let link = ''

  await step('scanners that open a link with `maxUses` do not use it up', async () => {
    await open(fred, `${demo.address}/interview/invite`)
    await fill(fred, { 'Their name': 'Cole', 'Their e-mail address': 'cole@example.com' })
    assert.equal(await press(fred, 'Send the invitation'), 200)
    link = linkIn(emailTo(mailbox, 'cole@example.com'))
    for (const accept of SCANNERS) {
      const [got, headed, ahead] = await Promise.all([
        fetch(link, { headers: { accept } }),
        fetch(link, { headers: { accept }, method: 'HEAD' }),
        fetch(link, { headers: { accept, 'sec-purpose': 'prefetch;prerender' } }),
      ])
      assert.doesNotMatch(await got.text(), /high heels/)
      for (const { headers } of [headed, ahead]) assert.equal(headers.get('set-cookie'), null, accept)
      // No session: only the cookie of the page with the button.
      const cookie = String(got.headers.get('set-cookie'))
      assert.match(
        cookie,
        got.status === 200 ? /^visitor-confirmation=[^,]*;.*HttpOnly; SameSite=Lax$/ : /^null$/,
        accept,
      )
    }
  })

  await step(
    'its page has only a button and does not name the visitor, and a double click on it counts once',
    async () => {
      const cole = await newPerson()
      assert.equal(await open(cole, link), 200)
      assert.equal(await heading(cole), 'Open your invitation')
      assert.doesNotMatch(await cole.content(), /Cole|cole@|INTERVIEW_PANEL/)
      const cookies = await cole.context().cookies()
      assert.deepEqual(
        cookies.map(({ name }) => name),
        ['visitor-confirmation'],
      )
      assert.deepEqual(await tabStops(cole), ['Continue'])
      await takeScreenshots(cole, '50-button')

      // A double click: the browser drops the response to the first click, which has counted, and posts again.
      let clicks = 0
      await cole.route('**', async (route) => {
        if (route.request().method() !== 'POST') {
          await route.continue()
          return
        }
        clicks += 1
        const response = await route.fetch({ maxRedirects: 0 })
        await new Promise((resolve) => setTimeout(resolve, 300))
        await route.fulfill({ response }).catch(() => undefined) // the browser has aborted the first one
      })
      const { x = 0, y = 0 } = (await cole.getByRole('button', { name: 'Continue' }).boundingBox()) ?? {}
      for (let click = 0; click < 2; click++) {
        await cole.mouse.click(x + 10, y + 10)
        await new Promise((resolve) => setTimeout(resolve, 100))
      }
      await cole.waitForURL(`${demo.address}/interview`)
      await cole.unroute('**')
      assert.equal(clicks, 2)
      assert.match(await text(cole), /high heels/)

      // The browser is admitted: neither the link nor the page behind the back button shows the button again.
      assert.equal(await open(cole, link), 200)
      assert.equal(cole.url(), `${demo.address}/interview`)
      await cole.goBack()
      await cole.reload()
      assert.equal(cole.url(), `${demo.address}/interview`)
    },
  )

  await step('the button works without JavaScript', async () => {
    const plain = await newPerson({ javaScriptEnabled: false })
    await open(plain, link)
    assert.equal(await press(plain, 'Continue'), 200)
    assert.equal(plain.url(), `${demo.address}/interview`)
    assert.equal(await chip(plain), 'visitor Cole')
  })

  await step('the button works over plain HTTP, where the browser sends no Fetch Metadata', async () => {
    const colleague = await newPerson()
    const posted = colleague.waitForRequest((request) => request.method() === 'POST')
    await open(colleague, link.replace('//localhost:', '//references.test:'))
    assert.equal(await press(colleague, 'Continue'), 200)
    const headers = await (await posted).allHeaders()
    assert.deepEqual(
      [headers['origin'], headers['sec-fetch-site']],
      [new URL(colleague.url()).origin, undefined],
    )
    assert.equal(await chip(colleague), 'visitor Cole')
  })

  await step(
    'the fourth browser is refused, and the page explains that the link no longer works',
    async () => {
      const late = await newPerson()
      assert.equal(await open(late, link), 403)
      assert.equal(await heading(late), 'This link no longer works')
      assert.match(await text(late), /no longer works/)
      await takeScreenshots(late, '51-used-up')
      assert.equal((await fetch(link, { method: 'POST', headers: { accept: 'text/html' } })).status, 403)
    },
  )
}
