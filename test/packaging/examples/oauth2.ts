import assert from 'node:assert/strict'
import { Browser } from '../browser.js'
import type { Example } from '../examples.js'

export const oauth2: Example = {
  name: 'oauth2',
  async checks({ check, serve }) {
    await serve(async (origin, line) => {
      const issuer = /provider on (\S+)/.exec(line)?.[1] ?? ''
      const provider = new Browser(issuer)

      /** Goes to the provider, and chooses the person there. Returns the address of the callback. */
      const callbackFor = async (browser: Browser, person: string): Promise<string> => {
        const { location } = await browser.post('/sign-in')
        assert(location?.startsWith(`${issuer}/authorize?`) === true)
        const { text } = await provider.get(location)
        const [, link = ''] = new RegExp(`href="([^"]+)">I am ${person}<`).exec(text) ?? []
        return (await provider.get(link.replaceAll('&amp;', '&'))).location ?? ''
      }
      const signIn = async (browser: Browser, person: string): Promise<void> => {
        const { status, location } = await browser.get(await callbackFor(browser, person))
        assert.deepEqual([status, location], [302, '/'])
      }

      const kim = new Browser(origin)
      let userId: unknown
      await check('a guest who signs in is the same user, now regular, with the same notes', async () => {
        await kim.post('/notes', { text: 'written as a guest' })
        userId = (await kim.get('/')).json['userId']
        assert.equal(typeof userId, 'number')
        await signIn(kim, 'kim')
        assert.deepEqual((await kim.get('/')).json, { userId, isGuest: false, notes: ['written as a guest'] })
      })
      await check(
        'a guest who signs in with a known account is that user, and the notes move there',
        async () => {
          const phone = new Browser(origin)
          await phone.post('/notes', { text: 'written on the phone' })
          assert.notEqual((await phone.get('/')).json['userId'], userId)
          await signIn(phone, 'kim')
          const notes = ['written as a guest', 'written on the phone']
          assert.deepEqual((await phone.get('/')).json, { userId, isGuest: false, notes })
        },
      )
      await check('a regular user adds a second account of the provider, and signs in with it', async () => {
        await signIn(kim, 'robin')
        assert.equal((await kim.get('/')).json['userId'], userId)
        const anonymous = new Browser(origin)
        await signIn(anonymous, 'robin')
        assert.equal((await anonymous.get('/')).json['userId'], userId)
      })
      await check("another browser's callback and a post of another site do not sign in", async () => {
        const [attacker, victim] = [new Browser(origin), new Browser(origin)]
        await victim.post('/notes', { text: 'mine' })
        const before = (await victim.get('/')).json
        const answer = await victim.get(await callbackFor(attacker, 'robin'))
        assert.equal(answer.location, '/?failed')
        assert.deepEqual((await victim.get('/')).json, before)
        assert.equal((await victim.get('/sign-in/callback')).location, '/')
        const foreign = await fetch(`${origin}/sign-in`, {
          method: 'POST',
          headers: { cookie: victim.cookie, origin: 'https://evil.example' },
        })
        assert.equal(foreign.status, 403)
      })
    })
  },
}
