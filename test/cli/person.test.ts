import assert from 'node:assert/strict'
import { after, before, beforeEach, describe, it } from 'node:test'
import { openStage, type Stage } from './stage.js'

describe('a person on the command line', () => {
  let stage: Stage
  before(async () => {
    stage = await openStage()
  })
  beforeEach(async () => {
    await stage.Visitor.destroy({ where: {} })
    await stage.Visitor.create({ email: 'Kim@example.com', scope: 'REFERENCE', context: null })
    await stage.Visitor.create({ email: 'fred@example.com', scope: 'REFERENCE', context: null })
  })
  after(() => stage.close())

  it('export prints what is stored about an address in any letter case, as JSON and without a uuid', async () => {
    const { code, stdout } = await stage.run(['export', '--email', 'kim@example.com'])
    assert.equal(code, 0)
    const { passes } = JSON.parse(stdout) as { passes: { email: string; visits: unknown[] }[] }
    assert.deepEqual(
      passes.map(({ email, visits }) => [email, visits]),
      [['Kim@example.com', []]],
    )
    const pass = await stage.Visitor.findOne({ where: { email: 'Kim@example.com' }, rejectOnEmpty: true })
    assert.ok(!stdout.includes(pass.uuid))
  })

  it('forget deletes it, prints how much, and leaves other people alone', async () => {
    const { code, stdout } = await stage.run(['forget', '--email', 'kim@example.com'])
    assert.equal(code, 0)
    assert.equal(stdout, 'Deleted: 1 pass, 0 visits, 0 pending conversions.\n')
    assert.deepEqual(
      (await stage.Visitor.findAll()).map(({ email }) => email),
      ['fred@example.com'],
    )
    const { document } = await stage.json(['forget', '--email', 'fred@example.com'])
    assert.deepEqual(document, { passes: 1, visits: 0, pendingConversions: 0, notDeleted: [] })
  })

  it('both exit with 1 if nothing is stored about the address, and with 2 for what is no address', async () => {
    for (const command of ['export', 'forget']) {
      assert.equal((await stage.run([command, '--email', 'unknown@example.com'])).code, 1)
      const { code, stderr } = await stage.run([command, '--email', 'no address'])
      assert.equal(code, 2)
      assert.match(stderr, /--email must be an e-mail address/)
      assert.equal((await stage.run([command])).code, 2)
    }
    assert.equal(await stage.Visitor.count(), 2)
  })
})
