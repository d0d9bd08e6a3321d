import assert from 'node:assert/strict'
import type { Page } from 'playwright-core'
import { codeIn, emailTo, linkIn } from './mailbox.js'
import { chip, fill, focused, heading, takeScreenshots, open, path, press, tabStops, text } from './people.js'
import type { Stage } from './stage.js'
import { step } from './steps.js'

const ASTAIRE = { 'First name': 'Adele', 'Last name': 'Astaire', 'E-mail address': 'adele@example.com' }

/** Tests self-service: the guide is opened by a link sent to the reader's mailbox, and by nothing else. */
export async function useSelfService(stage: Stage): Promise<void> {
  const { demo, mailbox, newPerson } = stage
  const guide = `${demo.address}/guide?chapter=writing`
  const adele = await newPerson()
  const form = async (page: Page): Promise<void> => {
    await open(page, guide)
    assert.equal(path(page), '/visitor')
  }

  await step('the guide redirects to a form that sets no cookie and can be used by keyboard', async () => {
    assert.equal(await open(adele, guide), 200)
    assert.equal(path(adele), '/visitor')
    assert.equal(await heading(adele), 'Who are you?')
    assert.deepEqual(await adele.context().cookies(), [])
    assert.deepEqual(await tabStops(adele), ['firstName', 'lastName', 'email', 'Send me the link'])
    await takeScreenshots(adele, '40-self-service-form')
  })

  await step(
    'an empty form is stopped by the browser, and if posted, shows an error beside each field',
    async () => {
      await adele.getByRole('button').click()
      assert.equal(path(adele), '/visitor')
      assert.equal(await focused(adele), 'firstName')
      await skipNativeChecks(adele)
      assert.equal(await press(adele, 'Send me the link'), 422)
      assert.deepEqual(await errorsBeside(adele), {
        firstName: 'Please fill this in',
        lastName: 'Please fill this in',
        email: 'Please fill this in',
      })
      assert.match(await adele.title(), /^Error: /)
      assert.equal(await focused(adele), 'firstName')
      await takeScreenshots(adele, '41-self-service-errors')
    },
  )

  await step('the form keeps its values, and the first invalid field has the focus', async () => {
    await fill(adele, { 'First name': 'Adele "O’Neil" <b>', 'E-mail address': 'adele at example' })
    await skipNativeChecks(adele)
    assert.equal(await press(adele, 'Send me the link'), 422)
    assert.equal(await adele.getByLabel('First name').inputValue(), 'Adele "O’Neil" <b>')
    assert.equal(await adele.getByLabel('E-mail address').inputValue(), 'adele at example')
    assert.deepEqual(await errorsBeside(adele), {
      lastName: 'Please fill this in',
      email: 'This is not an e-mail address',
    })
    assert.equal(await focused(adele), 'lastName')
    await fill(adele, { 'Last name': 'Astaire' })
    await skipNativeChecks(adele)
    assert.equal(await press(adele, 'Send me the link'), 422)
    assert.deepEqual(await errorsBeside(adele), { email: 'This is not an e-mail address' })
    assert.equal(await focused(adele), 'email')
  })

  await step('the form keeps its values if the mail server refuses the e-mail', async () => {
    mailbox.isFull = true
    await fill(adele, ASTAIRE)
    assert.equal(await press(adele, 'Send me the link'), 503)
    mailbox.isFull = false
    assert.match(await adele.getByRole('alert').innerText(), /could not send/)
    assert.equal(await adele.getByLabel('First name').inputValue(), 'Adele')
    await takeScreenshots(adele, '42-self-service-not-sent')
  })

  await step('sent again, one e-mail goes to the typed address, without the typed names', async () => {
    const before = mailbox.received.length
    assert.equal(await press(adele, 'Send me the link'), 200)
    assert.equal(path(adele), '/visitor/sent')
    assert.match(await text(adele), /adele@example/)
    await takeScreenshots(adele, '43-self-service-sent')
    assert.equal(mailbox.received.length, before + 1)
    const email = emailTo(mailbox, 'adele@example.com')
    assert.doesNotMatch(
      JSON.stringify([email.subject, email.text, email.html, email.to?.[0]?.name]),
      /Adele|Astaire/,
    )
  })

  await step('reloading, going back and going forward send no second e-mail', async () => {
    await adele.reload()
    assert.equal(path(adele), '/visitor/sent')
    const second = await newPerson()
    await form(second)
    await fill(second, { ...ASTAIRE, 'E-mail address': 'second@example.com' })
    assert.equal(await press(second, 'Send me the link'), 200)
    const before = mailbox.received.length
    for (const go of [() => second.reload(), () => second.goBack(), () => second.goForward()]) await go()
    assert.equal(path(second), '/visitor/sent')
    await second.goBack()
    await second.reload()
    assert.equal(await heading(second), 'Who are you?')
    await second.context().close()
    assert.equal(mailbox.received.length, before)
  })

  await step('the link opens the page first requested, only in the browser that follows it', async () => {
    const link = linkIn(emailTo(mailbox, 'adele@example.com'))
    assert.ok(link.startsWith(`${guide}&vuid=`), link)
    const mailReader = await newPerson()
    assert.equal(await open(mailReader, link), 200)
    assert.equal(mailReader.url(), guide)
    assert.equal(await heading(mailReader), 'Writing one')
    assert.equal(await chip(mailReader), 'visitor Adele Astaire')
    const [cookie] = await mailReader.context().cookies()
    const lasts = (cookie?.expires ?? 0) - Date.now() / 1000
    // Browsers correct the expiry by the Date header, which counts whole seconds.
    assert.ok(lasts > 3500 && lasts <= 3601, `the visit lasts ${lasts} seconds`)
    await takeScreenshots(mailReader, '44-guide')
    assert.equal(await open(mailReader, `${demo.address}/interview`), 403)

    await form(adele)
    assert.equal(await chipOfHome(adele, demo.address), 'Anonymous')
  })

  await step('entering another person’s address gives no access: no page, no link, no session', async () => {
    const attacker = await newPerson()
    await form(attacker)
    const seen = [attacker.url(), await attacker.content()]
    await fill(attacker, { ...ASTAIRE, 'E-mail address': 'ceo@victim.test' })
    assert.equal(await press(attacker, 'Send me the link'), 200)
    seen.push(attacker.url(), await attacker.content())
    const token = new URL(linkIn(emailTo(mailbox, 'ceo@victim.test'))).searchParams.get('vuid') ?? ''
    assert.notEqual(token, '')
    assert.equal(seen.join('\n').includes(token), false)
    // Its only cookies are the address that was typed in this browser, for the page after the message, and by what a code can be
    // tried there: neither contains the code.
    const cookies = await attacker.context().cookies()
    assert.deepEqual(cookies.map(({ name }) => name).sort(), ['visitor-address', 'visitor-code'])
    const code = codeIn(emailTo(mailbox, 'ceo@victim.test'))
    assert.equal([...seen, ...cookies.map(({ value }) => value)].join('\n').includes(code), false)
    await form(attacker)
    const passRequest = new URL(attacker.url()).searchParams.get('for') ?? ''
    for (const guess of [passRequest, ...passRequest.split('.')]) {
      const status = await open(attacker, `${guide}&vuid=${guess}`)
      assert.ok(status === 400 || path(attacker) === '/visitor', `${guess} opened something`)
    }
    assert.equal(await chipOfHome(attacker, demo.address), 'Anonymous')
  })

  await step('each of two tabs leads back to its own page', async () => {
    const first = await newPerson()
    const second = await first.context().newPage()
    await open(first, `${demo.address}/guide?chapter=asking`)
    await open(second, `${demo.address}/guide?chapter=reading`)
    const before = mailbox.received.length
    for (const tab of [first, second]) {
      await fill(tab, { ...ASTAIRE, 'E-mail address': 'twotabs@example.com' })
      assert.equal(await press(tab, 'Send me the link'), 200)
    }
    const [toFirst, toSecond] = mailbox.received.slice(before).map(linkIn)
    await open(first, toSecond ?? '')
    assert.equal(first.url(), `${demo.address}/guide?chapter=reading`)
    await open(second, toFirst ?? '')
    assert.equal(second.url(), `${demo.address}/guide?chapter=asking`)
    await second.context().close()
  })

  await step('self-service works without JavaScript', async () => {
    const plain = await newPerson({ javaScriptEnabled: false })
    await form(plain)
    await fill(plain, { ...ASTAIRE, 'First name': ' ', 'E-mail address': 'plain@example.com' })
    assert.equal(await press(plain, 'Send me the link'), 422)
    assert.equal(await plain.locator('#firstName-error').innerText(), 'Please fill this in')
    assert.equal(await plain.locator(':focus').getAttribute('id'), 'firstName')
    await fill(plain, { 'First name': 'Adele' })
    assert.equal(await press(plain, 'Send me the link'), 200)
    assert.equal(path(plain), '/visitor/sent')
    await open(plain, linkIn(emailTo(mailbox, 'plain@example.com')))
    assert.equal(plain.url(), guide)
    assert.equal(await heading(plain), 'Writing one')
  })

  await step('one mailbox gets at most three links an hour, and the form explains the refusal', async () => {
    const before = mailbox.received.length
    const asked: number[] = []
    for (const spelling of [
      'often@example.com',
      'Often@Example.com',
      'often@example.com',
      'OFTEN@example.com',
    ]) {
      const page = await newPerson()
      await form(page)
      await fill(page, { ...ASTAIRE, 'E-mail address': spelling })
      asked.push(await press(page, 'Send me the link'))
      if (asked.length === 4) {
        assert.match(await page.getByRole('alert').innerText(), /Too many links/)
        assert.equal(await page.getByLabel('E-mail address').inputValue(), spelling)
        await takeScreenshots(page, '45-self-service-too-many')
      }
      await page.context().close()
    }
    assert.deepEqual(asked, [200, 200, 200, 429])
    assert.equal(mailbox.received.length, before + 3)
  })

  await step(
    'an incomplete address shows an error, and a program gets an error instead of the form',
    async () => {
      await form(adele)
      assert.equal(await open(adele, adele.url().slice(0, -5)), 400)
      assert.equal(await adele.locator('form').count(), 0)
      await takeScreenshots(adele, '46-self-service-incomplete')
      const program = await fetch(guide, { headers: { accept: 'application/json' }, redirect: 'manual' })
      assert.equal(program.status, 403)
    },
  )
}

/** Turns off the browser's own validation of the form. */
async function skipNativeChecks(page: Page): Promise<void> {
  await page.evaluate('document.forms[0].noValidate = true')
}

/** The errors beside the fields, by `aria-describedby`. */
async function errorsBeside(page: Page): Promise<Record<string, string>> {
  const wrong = await page.locator('input[aria-invalid=true]').all()
  const errors: Record<string, string> = {}
  for (const field of wrong) {
    const describedBy = (await field.getAttribute('aria-describedby')) ?? ''
    errors[(await field.getAttribute('name')) ?? ''] = await page.locator(`#${describedBy}`).innerText()
  }
  return errors
}

/** The user that the demo's header shows to a browser. */
async function chipOfHome(page: Page, address: string): Promise<string> {
  await open(page, address)
  return await chip(page)
}
