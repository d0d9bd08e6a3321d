import assert from 'node:assert/strict'
import { after, before, describe, it } from 'node:test'
import { touchGuest } from '../../src/guest/statements.js'
import { hashOfCode, tryCode } from '../../src/pages/one-time-code.js'
import { DAY, later } from '../support/clock.js'
import { dialect, isEmbedded, isPooled } from '../support/database.js'
import { plainUser, startHost, type Host } from '../support/host-application.js'

const AT_ONCE = 8
const ROUNDS = 12
const times = <T>(work: (n: number) => T): T[] => Array.from({ length: AT_ONCE }, (_, n) => work(n))

// Unlike the option `isolationLevel`, the server's own default is the level of each statement outside of a transaction too.
describe(
  'on a PostgreSQL server whose own default isolation is SERIALIZABLE',
  { skip: isEmbedded || isPooled || dialect !== 'postgres' },
  () => {
    let host: Host
    before(async () => {
      host = await startHost({
        database: { dialectOptions: { options: '-c default_transaction_isolation=serializable' } },
        defineUser: plainUser(),
        guest: { expiry: 'sliding' },
      })
    })
    after(() => host.close())

    it('of notes at once that a guest was seen none fails', async () => {
      await host.browser().get('/play').expect(200)
      const guests = await Promise.all(times(() => host.Guest.findOne({ rejectOnEmpty: true })))
      await later(DAY, () => Promise.all(guests.map((guest) => touchGuest(host.Guest, guest))))
    })

    it('of codes that are tried at once five are compared, and none fails', async () => {
      const secret = 'of the browser'
      const { id } = await host.Visitor.create({
        email: 'kim@example.org',
        scope: 'REFERENCE',
        context: null,
        codeHash: hashOfCode(secret, '12345678'),
      })
      const attempt = { code: '87654321', secrets: [secret] }
      const outcomes = await Promise.all(times(() => tryCode(host.Visitor, { id }, attempt)))
      assert.equal(outcomes.filter((outcome) => 'isWrong' in outcome && outcome.isWrong).length, 5)
    })

    it('of changes of one pass at once none fails', async () => {
      const { id } = await host.Visitor.create({
        email: 'kim@example.org',
        scope: 'REFERENCE',
        context: null,
      })
      for (let round = 0; round < ROUNDS; round++) {
        const passes = await Promise.all(times(() => host.Visitor.findByPk(id, { rejectOnEmpty: true })))
        await Promise.all(passes.map((pass, n) => (n % 2 === 0 ? pass.deactivate() : pass.reissue())))
      }
    })
  },
)
