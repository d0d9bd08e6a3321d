import assert from 'node:assert/strict'
import { test } from 'node:test'
import { plainUser, startHost, type Host, type HostOptions } from '../support/host-application.js'
import { who } from '../conventions/story.js'

async function withHost(options: Partial<HostOptions>, run: (host: Host) => Promise<unknown>): Promise<void> {
  const host = await startHost({ defineUser: plainUser(), ...options })
  try {
    await run(host)
  } finally {
    await host.close()
  }
}

/** The error that an application meets, and no other, where tables of ours are missing. */
function assertTablesMissing({ status, body }: { status: number; body: unknown }): void {
  const { name, code, message } = body as { name: string; code: string; message: string }
  assert.deepEqual([status, name, code], [500, 'TablesMissing', 'ERR_TABLES_MISSING'], message)
  assert.match(message, /migrations/)
}

function link(host: Host): string {
  return host.Visitor.build({ email: 'kim@example.org', scope: 'REFERENCE', context: null }).tokenise('/who')
}

for (const [how, preparedStatements] of [
  ['prepared', true],
  ['the ORM’s', false],
] as const) {
  const settings = { guest: { preparedStatements }, visitor: { preparedStatements } }

  test(`without tables, the errors of both strategies contain the remedy (statements are ${how})`, async () => {
    await withHost({ ...settings, makeTables: () => Promise.resolve() }, async (host) => {
      assert.equal((await who(host.browser().get('/who'))).user, null)
      assertTablesMissing(await host.browser().get('/play'))
      assertTablesMissing(await host.browser().get(link(host)))
    })
  })

  test(`with the users table alone, a guest fails as a whole (statements are ${how})`, async () => {
    const options = { ...settings, defineUser: plainUser() }
    await withHost({ ...options, makeTables: (sequelize) => onlyUsers(sequelize) }, async (host) => {
      assertTablesMissing(await host.browser().get('/play'))
      assert.equal(await host.User.count(), 0)
      assertTablesMissing(await host.browser().get(link(host)))
    })
  })

  test(`tables that are dropped during a session are named at its next request (statements are ${how})`, async () => {
    await withHost(settings, async (host) => {
      const [guest, visitor] = [host.browser(), host.browser()]
      await who(guest.get('/play'))
      const pass = await host.Visitor.create({ email: 'kim@example.org', scope: 'REFERENCE', context: null })
      await visitor.get(pass.tokenise('/reference'))

      await host.VisitorLog.drop()
      assert.equal(
        (await visitor.get('/reference')).status,
        200,
        'a visit that cannot be logged is still let in',
      )
      await host.sequelize.model('PendingConversion').drop()
      await host.Guest.drop()
      await host.Visitor.drop()
      assertTablesMissing(await guest.get('/who'))
      assertTablesMissing(await visitor.get('/who'))
    })
  })
}

test('another error of the database is not taken for a missing table', async () => {
  await withHost({}, async (host) => {
    const queryInterface = host.sequelize.getQueryInterface()
    await queryInterface.removeColumn(host.Guest.getTableName(), 'lastSeenAt')
    const response = await host.browser().get('/play')
    assert.equal(response.status, 500)
    assert.equal((response.body as { name: string }).name, 'SequelizeDatabaseError')
  })
})

async function onlyUsers(sequelize: Host['sequelize']): Promise<unknown> {
  return await sequelize.models['User']?.sync()
}
