import assert from 'node:assert/strict'
import { readdir } from 'node:fs/promises'
import { join } from 'node:path'
import { Browser } from '../browser.js'
import type { Example } from '../examples.js'
import { run } from '../project.js'

const NAMES = `
  const { migrationsFor } = require('passport-ephemeral/migrations')
  const { Guest, Visitor } = require('./models')
  console.log(JSON.stringify(migrationsFor({ Guest, Visitor }).map(({ name }) => name)))`

export const sequelizeCli: Example = {
  name: 'sequelize-cli',
  async checks({ folder, check, runScript, serve }) {
    const { stdout } = await run('node', ['--eval', NAMES], { cwd: folder })
    const names = JSON.parse(stdout) as string[]

    await check('each migration of the package gets a file, and sequelize-cli runs them all', async () => {
      await runScript('migrate')
      const status = await runScript('status')
      for (const name of names) assert.match(status, new RegExp(`^up \\d+-${name}\\.js$`, 'm'))
      assert.doesNotMatch(status, /^down /m)
    })
    await check('a second run writes nothing and runs nothing', async () => {
      const before = await readdir(join(folder, 'migrations'))
      await runScript('migrate')
      assert.deepEqual(await readdir(join(folder, 'migrations')), before)
      assert.equal(before.length, names.length + 1)
    })
    await serve(async (origin, line) => {
      await check('with these tables a guest is made, and converts with the same id', async () => {
        const browser = new Browser(origin)
        const { json } = await browser.get('/play')
        assert.equal(json['isGuest'], true)
        const password = 'correct horse battery'
        const form = { username: 'kim', password, passwordAgain: password }
        assert.equal((await browser.post('/convert', form)).status, 303)
        assert.deepEqual((await browser.get('/play')).json, { userId: json['userId'], isGuest: false })
      })
      await check('with these tables a link makes a visitor', async () => {
        const browser = new Browser(origin)
        const link = /link: (\S+)/.exec(line)?.[1] ?? ''
        assert.equal((await browser.get(link)).status, 303)
        assert.deepEqual((await browser.get('/reference')).json, { email: 'ginger@example.com' })
      })
    })
    await check('sequelize-cli reverts them all', async () => {
      await runScript('undo')
      assert.doesNotMatch(await runScript('status'), /^up /m)
    })
  },
}
