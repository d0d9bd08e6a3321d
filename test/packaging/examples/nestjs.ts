import assert from 'node:assert/strict'
import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { Browser, BROWSER } from '../browser.js'
import type { Example } from '../examples.js'
import { run } from '../project.js'

const MOST_LINES_OF_GLUE = 30

export const nestjs: Example = {
  name: 'nestjs',
  async checks({ folder, check, serve }) {
    await check(`what it needs beside Nest's own parts is at most ${MOST_LINES_OF_GLUE} lines`, async () => {
      const glue = await readFile(join(folder, 'src/ephemeral.ts'), 'utf8')
      const lines = glue.split('\n').filter((line) => !/^(\/\/.*|\/\*\*.*|)$/.test(line.trim()))
      assert.ok(lines.length <= MOST_LINES_OF_GLUE, `${lines.length} lines`)
    })
    await check('doctor checks the Express application within that of Nest', async () => {
      const { stdout } = await run('npx', ['passport-ephemeral', 'doctor', '--no-production', '--json'], {
        cwd: folder,
        env: { ...process.env, DATABASE_URL: undefined },
      })
      const { findings, requests } = JSON.parse(stdout) as {
        findings: { code: string }[]
        requests: string[]
      }
      assert.deepEqual(requests, ['GET /', 'GET /notes', 'GET /reference', 'GET /convert'])
      const codes = findings.map(({ code }) => code)
      assert.ok(codes.includes('COOKIE_WITHOUT_MAX_AGE'), codes.join())
      assert.ok(!codes.includes('NOTHING_SEEN') && !codes.includes('REQUEST_FAILS'), codes.join())
    })
    await serve(async (origin) => {
      const browser = new Browser(origin)
      const account = { username: 'kim', password: 'correct horse battery' }
      let guestId: unknown
      let link = ''

      await check('the first request makes a guest, and the second has the same one', async () => {
        const first = await browser.post('/notes', { text: 'written as a guest' })
        assert.equal(first.status, 201)
        guestId = first.json['userId']
        assert.deepEqual((await browser.get('/notes')).json, {
          userId: guestId,
          notes: ['written as a guest'],
        })
      })
      await check('a program gets no guest, and 401 as a problem', async () => {
        const answer = await fetch(`${origin}/notes`)
        assert.equal(answer.status, 401)
        assert.equal(answer.headers.get('content-type')?.split(';')[0], 'application/problem+json')
        assert.equal(((await answer.json()) as { code: string }).code, 'ERR_GUEST_REQUIRED')
      })
      await check('a guest who has left gets a page that tells so', async () => {
        const leaving = new Browser(origin)
        assert.equal((await leaving.get('/notes')).status, 200)
        assert.equal((await leaving.post('/logout', {})).status, 422)
        assert.equal((await leaving.post('/logout', { confirm: 'yes' })).status, 204)
        assert.equal((await leaving.get('/')).status, 200)
        const refused = await fetch(`${origin}/notes`, {
          headers: { cookie: leaving.cookie, 'user-agent': BROWSER, accept: 'text/html' },
        })
        assert.equal(refused.status, 401)
        assert.match(await refused.text(), /<h1>You are not here as a guest any more<\/h1>/)
      })
      await check('a guest is refused by a guard for regular users, as a problem', async () => {
        const { status, json } = await browser.post('/invitations', { email: 'ginger@example.com' })
        assert.deepEqual([status, json['code']], [403, 'ERR_REGULAR_USER_REQUIRED'])
      })
      await check('a conversion keeps the id and the rows', async () => {
        const form = {
          username: account.username,
          password: account.password,
          passwordAgain: account.password,
        }
        assert.match((await browser.get('/convert')).text, /<form/)
        const { status, location } = await browser.post('/convert', form)
        assert.deepEqual([status, location?.endsWith('/convert/success')], [303, true])
        assert.deepEqual((await browser.get('/notes')).json, {
          userId: guestId,
          notes: ['written as a guest'],
        })
        const invitation = await browser.post('/invitations', { email: 'ginger@example.com' })
        assert.equal(invitation.status, 201)
        link = String(invitation.json['link'])
      })
      await check(
        'a link makes a visitor, who is no user, and another scope is refused with 403',
        async () => {
          const ginger = new Browser(origin)
          assert.equal((await ginger.get('/reference')).status, 403)
          const arrival = await ginger.get(link)
          assert.deepEqual([arrival.status, arrival.location], [303, '/reference'])
          assert.deepEqual((await ginger.get('/reference')).json, { email: 'ginger@example.com' })
          const { status, json } = await ginger.get('/interview')
          assert.deepEqual([status, json['code']], [403, 'ERR_VISITOR_ACCESS_DENIED'])
        },
      )
      await check("a login through Nest's guard moves the guest's rows to the account", async () => {
        const phone = new Browser(origin)
        const guest = await phone.post('/notes', { text: 'written on the phone' })
        assert.notEqual(guest.json['userId'], guestId)
        assert.equal((await phone.post('/login', { username: 'kim', password: 'wrong' })).status, 401)
        assert.deepEqual((await phone.post('/login', account)).json, { userId: guestId })
        const { json } = await phone.get('/notes')
        assert.deepEqual(json, { userId: guestId, notes: ['written as a guest', 'written on the phone'] })
      })
    })
  },
}
