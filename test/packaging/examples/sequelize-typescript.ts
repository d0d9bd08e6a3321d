import assert from 'node:assert/strict'
import { Browser } from '../browser.js'
import type { Example } from '../examples.js'

export const sequelizeTypescript: Example = {
  name: 'sequelize-typescript',
  async checks({ check, serve }) {
    await serve(async (origin, line) => {
      const browser = new Browser(origin)
      const account = { username: 'kim', password: 'correct horse battery' }
      let userId: unknown

      await check('the first task makes a guest of a model with decorators', async () => {
        assert.equal((await browser.post('/tasks', { text: 'written as a guest' })).status, 303)
        const { json } = await browser.get('/tasks')
        userId = json['userId']
        assert.deepEqual(json, { userId, isGuest: true, tasks: ['written as a guest'] })
      })
      await check('a conversion keeps the id and the rows', async () => {
        const form = { ...account, passwordAgain: account.password }
        assert.equal((await browser.post('/convert', form)).status, 303)
        const { json } = await browser.get('/tasks')
        assert.deepEqual(json, { userId, isGuest: false, tasks: ['written as a guest'] })
      })
      await check("a login moves the guest's rows of @HasMany to the account", async () => {
        const phone = new Browser(origin)
        await phone.post('/tasks', { text: 'written on the phone' })
        assert.notEqual((await phone.get('/tasks')).json['userId'], userId)
        assert.equal((await phone.post('/login', { ...account, password: 'wrong' })).status, 401)
        assert.equal((await phone.post('/login', account)).status, 303)
        const tasks = ['written as a guest', 'written on the phone']
        assert.deepEqual((await phone.get('/tasks')).json, { userId, isGuest: false, tasks })
      })
      await check('a link makes a visitor', async () => {
        const ginger = new Browser(origin)
        assert.equal((await ginger.get('/reference')).status, 403)
        assert.equal((await ginger.get(/link: (\S+)/.exec(line)?.[1] ?? '')).status, 303)
        assert.deepEqual((await ginger.get('/reference')).json, { email: 'ginger@example.com' })
      })
    })
  },
}
