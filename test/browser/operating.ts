import assert from 'node:assert/strict'
import { codeIn, emailTo, linkIn } from './mailbox.js'
import { chip, fill, heading, open, path, press, takeScreenshots, text } from './people.js'
import type { Stage } from './stage.js'
import { step } from './steps.js'

/** A help desk works on the operator's pages; pages change their language; a guest deletes everything. */
export async function operate({ demo, mailbox, newPerson, outsider }: Stage): Promise<void> {
  const [operator, vera, gene] = [await newPerson(), await newPerson(), await newPerson()]
  const invite = async (name: string, email: string): Promise<string> => {
    await open(gene, `${demo.address}/requests/new`)
    await fill(gene, {
      'Your name': 'Gene Kelly',
      'What you are applying for': 'Choreographer',
      'Their name': name,
      'Their e-mail address': email,
      'Your message': 'Would you?',
    })
    assert.equal(await press(gene, 'Send the request'), 200)
    return linkIn(emailTo(mailbox, email))
  }
  const links = {
    vera: await invite('Vera Ellen', 'vera@example.com'),
    cyd: await invite('Cyd Charisse', 'cyd@example.com'),
  }

  await step('the operator’s pages are for the account that the home page names', async () => {
    await open(gene, `${demo.address}/admin`)
    assert.equal(await heading(gene), 'This page is not open to you')
    await open(outsider, demo.address)
    assert.match(await text(outsider), /Log in as operator with the password anything goes/)
    await open(operator, `${demo.address}/admin`)
    assert.equal(path(operator), '/login')
    await fill(operator, { Username: 'operator', Password: 'anything goes' })
    assert.equal(await press(operator, 'Log in'), 200)
    assert.equal(await heading(operator), 'Overview')
    assert.match(await text(operator), /REFERENCE_REQUEST/)
    await takeScreenshots(operator, '50-operator')
  })

  await step(
    'a pass is found by its address; a fresh link opens its page, and the earlier one does not',
    async () => {
      await operator.getByRole('link', { name: 'Passes' }).click()
      await fill(operator, { 'Name, e-mail address or scope': 'vera@example.com' })
      await press(operator, 'Search')
      await operator.getByRole('link', { name: 'Vera Ellen' }).click()
      const received = mailbox.received.length
      await takeScreenshots(operator, '51-operator-pass')
      assert.equal(await press(operator, 'Send a fresh link to vera@example.com'), 200)
      assert.match(await text(operator), /The message was sent\./)
      assert.equal(mailbox.received.length, received + 1)
      assert.equal(await press(operator, 'Make a fresh link to copy'), 200)
      await takeScreenshots(operator, '52-operator-link')
      const fresh = await operator.locator('.link').innerText()
      assert.equal(await open(vera, links.vera), 403)
      assert.equal(await open(vera, fresh), 200)
      assert.equal(path(vera), '/reference')
    },
  )

  await step('the Enter key in the list of passes changes none of those that are ticked', async () => {
    for (const field of ['Days', 'Select Vera Ellen']) {
      await open(operator, `${demo.address}/admin/passes?q=vera@example.com`)
      await operator.getByLabel('Select Vera Ellen').check()
      await operator.getByLabel(field).focus()
      await Promise.all([operator.waitForURL('**/selected'), operator.keyboard.press('Enter')])
      assert.equal(await heading(operator), 'Nothing was changed')
    }
    await open(operator, `${demo.address}/admin/passes?q=vera@example.com`)
    assert.match(await text(operator), /Vera Ellen[^]*Open/)
  })

  await step(
    'another pass is closed, and its page offers one answer for every link that is refused',
    async () => {
      await open(operator, `${demo.address}/admin/passes?q=cyd@example.com`)
      await operator.getByRole('link', { name: 'Cyd Charisse' }).click()
      assert.equal(await press(operator, 'Deactivate'), 200)
      assert.match(await text(operator), /Done\.[^]*Deactivated/)
      const cyd = await newPerson()
      assert.equal(await open(cyd, links.cyd), 403)
      await takeScreenshots(cyd, '53-refused-link')
      const received = mailbox.received.length
      assert.equal(await press(cyd, 'Send a fresh link'), 200)
      assert.equal(await heading(cyd), 'Look into your mailbox')
      assert.equal(mailbox.received.length, received)
    },
  )

  await step('the switch at the foot of each page changes the language of the package’s pages', async () => {
    await open(operator, demo.address)
    await operator.getByLabel('Language of the package’s pages').selectOption('ar')
    assert.equal(await press(operator, 'Choose'), 200)
    await open(operator, `${demo.address}/admin`)
    assert.equal(await heading(operator), 'نظرة عامة')
    assert.equal(await operator.locator('html').getAttribute('dir'), 'rtl')
    await open(operator, `${demo.address}/guide`)
    assert.equal(await operator.locator('html').getAttribute('lang'), 'ar')
  })

  await step('the code in the message opens the guide where it was asked for', async () => {
    const reader = await newPerson()
    await open(reader, `${demo.address}/guide`)
    const email = 'leslie@example.com'
    await fill(reader, { 'First name': 'Leslie', 'Last name': 'Caron', 'E-mail address': email })
    assert.equal(await press(reader, 'Send me the link'), 200)
    await fill(reader, { 'Code from the message': codeIn(emailTo(mailbox, email)) })
    assert.equal(await press(reader, 'Confirm the code'), 200)
    assert.equal(path(reader), '/guide')
    assert.equal(await chip(reader), 'visitor Leslie Caron')
  })

  await step('a guest deletes everything, at once', async () => {
    await open(gene, demo.address)
    assert.equal(await press(gene, 'Delete everything now'), 200)
    assert.equal(await chip(gene), 'Anonymous')
    await open(operator, `${demo.address}/admin/passes?q=cyd@example.com`)
    await open(gene, `${demo.address}/requests`)
    assert.equal(path(gene), '/')
    assert.equal(await open(vera, `${demo.address}/reference`), 404)
  })
}
