import assert from 'node:assert/strict'
import { emailTo, linkIn } from './mailbox.js'
import { chip, fill, heading, takeScreenshots, open, PASSWORD, path, press, text } from './people.js'
import type { Stage } from './stage.js'
import { step } from './steps.js'

/** Fred converts to a regular user and keeps all data. */
export async function convertGuest({
  demo,
  fred,
  mailbox,
  outsider,
  links,
  newPerson,
}: Stage): Promise<void> {
  await step('the members’ page redirects a guest to create an account', async () => {
    await open(fred, `${demo.address}/members`)
    assert.equal(path(fred), '/convert')
    assert.equal(new URL(fred.url()).searchParams.get('next'), '/members')
    await takeScreenshots(fred, '16-convert')
  })

  await step('converting refuses a name with spaces and a short password, beside the fields', async () => {
    await fill(fred, { Username: 'fred astaire', Password: 'short' })
    assert.equal(await press(fred, 'Create my account'), 422)
    assert.match(await fred.locator('#username-error').innerText(), /Letters/)
    assert.match(await fred.locator('#password-error').innerText(), /At least 12/)
    assert.equal(await fred.getByLabel('Password').inputValue(), '')
    await takeScreenshots(fred, '17-convert-errors')
  })

  await step('the conversion renews the session and redirects to the page first requested', async () => {
    const before = (await fred.context().cookies())[0]?.value
    await fill(fred, { Username: 'fred', Password: PASSWORD })
    assert.equal(await press(fred, 'Create my account'), 200)
    assert.equal(path(fred), '/members')
    assert.equal(await chip(fred), 'member fred')
    assert.notEqual((await fred.context().cookies())[0]?.value, before)
    await takeScreenshots(fred, '18-members')
  })

  await step('Fred still has his request, with Ginger’s reference', async () => {
    await open(fred, `${demo.address}/requests`)
    assert.match(await text(fred), /Answered[\s\S]*backwards and in high heels[\s\S]*his dancing partner/)
    await takeScreenshots(fred, '19-requests-answered')
    await open(fred, demo.address)
    assert.match(await text(fred), /You are a regular user/)
    await takeScreenshots(fred, '20-home-regular')
  })

  await step('a taken name shows an error to the next user', async () => {
    await open(outsider, `${demo.address}/convert`)
    await fill(outsider, { Username: 'fred', Password: PASSWORD })
    assert.equal(await press(outsider, 'Create my account'), 422)
    assert.match(await outsider.locator('#username-error').innerText(), /is taken/)
  })

  await step('Fred invites an interviewer, who reads the reference and nothing else', async () => {
    await open(fred, `${demo.address}/interview/invite`)
    await takeScreenshots(fred, '21-interview-invite')
    await fill(fred, { 'Their name': 'Irving', 'Their e-mail address': 'irving@example.com' })
    assert.equal(await press(fred, 'Send the invitation'), 200)
    links.interview = linkIn(emailTo(mailbox, 'irving@example.com'))
    const irving = await newPerson()
    assert.equal(await open(irving, links.interview), 200)
    assert.equal(await press(irving, 'Continue'), 200)
    assert.match(await text(irving), /high heels/)
    await takeScreenshots(irving, '22-interview-panel')
    assert.equal(await open(irving, `${demo.address}/reference`), 403)
  })

  await step(
    'a link opened in Fred’s own browser makes him a visitor too, and keeps him logged in',
    async () => {
      await open(fred, links.interview)
      await press(fred, 'Continue')
      assert.equal(fred.url(), `${demo.address}/interview`)
      assert.equal(await chip(fred), 'member fred')
      await open(fred, demo.address)
      assert.match(await text(fred), /You are a regular user, and a visitor/)
      await takeScreenshots(fred, '23-home-both')
    },
  )

  await step('withdrawing a request ends its link and the visitor’s visit', async () => {
    await open(fred, `${demo.address}/requests/new`)
    await fill(fred, {
      'Your name': 'Fred',
      'What you are applying for': 'A flat',
      'Their name': 'Hermes',
      'Their e-mail address': 'hermes@example.com',
    })
    await press(fred, 'Send the request')
    const hermes = await newPerson()
    await open(hermes, linkIn(emailTo(mailbox, 'hermes@example.com')))
    assert.equal(await chip(hermes), 'visitor Hermes')
    await open(fred, `${demo.address}/requests`)
    await press(fred, 'Withdraw')
    await hermes.reload()
    assert.equal(await heading(hermes), 'This page is by invitation')
  })

  await step('an e-mail in the outbox can be discarded, and its invitation is deactivated', async () => {
    const before = mailbox.received.length
    mailbox.isFull = true
    await open(fred, `${demo.address}/interview/invite`)
    await fill(fred, { 'Their name': 'Unknown', 'Their e-mail address': 'unknown@example.com' })
    assert.equal(await press(fred, 'Send the invitation'), 200)
    mailbox.isFull = false
    assert.match(await text(fred), /To Unknown <unknown@example\.com>/)
    assert.equal(await press(fred, 'Discard'), 200)
    assert.match(await text(fred), /outbox is empty/)
    assert.equal(mailbox.received.length, before)
  })

  await step(
    'Fred logs out and in again; a wrong password is refused; the redirect stays on this site',
    async () => {
      await press(fred, 'Log out')
      assert.match(await text(fred), /You are anonymous/)
      await open(fred, `${demo.address}/login?next=//evil.test/`)
      await fill(fred, { Username: 'fred', Password: 'not his password' })
      assert.equal(await press(fred, 'Log in'), 422)
      await takeScreenshots(fred, '24-login-failed')
      await fill(fred, { Username: 'fred', Password: PASSWORD })
      assert.equal(await press(fred, 'Log in'), 200)
      assert.equal(fred.url(), `${demo.address}/requests`)
    },
  )

  await step('a guest’s requests are in the account after a login', async () => {
    const elsewhere = await newPerson()
    await open(elsewhere, `${demo.address}/requests/new`)
    await fill(elsewhere, {
      'Your name': 'Fred',
      'What you are applying for': 'A boat',
      'Their name': 'Poseidon',
      'Their e-mail address': 'poseidon@example.com',
    })
    await press(elsewhere, 'Send the request')
    await open(elsewhere, `${demo.address}/login`)
    assert.match(await text(elsewhere), /Your data moves to the account/)
    await fill(elsewhere, { Username: 'fred', Password: PASSWORD })
    assert.equal(await press(elsewhere, 'Log in'), 200)
    assert.equal(await chip(elsewhere), 'member fred')
    assert.match(await text(elsewhere), /Poseidon/)
  })
}
