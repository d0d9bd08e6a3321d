import assert from 'node:assert/strict'
import { after, before, describe, it } from 'node:test'
import { DataTypes } from 'sequelize'
import { DAY } from '../support/clock.js'
import { exportFrom, openStage, type Stage, type StageOptions } from './stage.js'

interface Listed {
  readonly guests: readonly { id: number | string; username: string; hasExpired: boolean }[]
  readonly hasMore: boolean
}

async function makeGuest({ User, Guest }: Stage, username: string, days: number): Promise<number | string> {
  const user = await User.create({ username })
  const userId = user.get('id') as number | string
  const createdAt = new Date(Date.now() - days * DAY * 1000)
  await Guest.create({ userId, createdAt, lastSeenAt: createdAt })
  return userId
}

describe('guests on the command line', () => {
  let stage: Stage
  let ids: (number | string)[]
  before(async () => {
    stage = await openStage()
    await stage.User.create({ username: 'Guest of honour' }) // a regular user
    ids = [
      await makeGuest(stage, 'Guest1', 20),
      await makeGuest(stage, 'guest_2', 3),
      await makeGuest(stage, 'other', 0),
    ]
  })
  after(() => stage.close())

  const list = async (...argv: string[]): Promise<Listed> =>
    (await stage.json(['guests', ...argv])).document as Listed
  const names = async (...argv: string[]) => (await list(...argv)).guests.map(({ username }) => username)

  it('guests are listed with their times, and regular users are not', async () => {
    const { code, stdout, stderr } = await stage.run(['guests'])
    assert.deepEqual([code, stderr], [0, ''])
    const [heading = '', ...lines] = stdout.trimEnd().split('\n')
    assert.match(heading, /^ *id +username +created \(UTC\) +last seen \(UTC\) +expires \(UTC\)$/)
    assert.equal(lines.length, 3)
    const dayBefore = (days: number) => new Date(Date.now() - days * DAY * 1000).toISOString().slice(0, 10)
    assert.match(lines[0] ?? '', new RegExp(`^ *${ids[0]} +Guest1 +${dayBefore(20)} .*, expired$`))
    assert.match(lines[1] ?? '', new RegExp(`^ *${ids[1]} +guest_2 +${dayBefore(3)} .* \\d\\d:\\d\\d$`))
    const { guests, hasMore } = await list()
    assert.equal(hasMore, false)
    assert.deepEqual(
      guests.map(({ id, hasExpired }) => [id, hasExpired]),
      [
        [ids[0], true],
        [ids[1], false],
        [ids[2], false],
      ],
    )
  })

  it('--username finds guests by the beginning of their username, in any letter case and not as a pattern', async () => {
    assert.deepEqual(await names('--username', 'GUEST'), ['Guest1', 'guest_2'])
    assert.deepEqual(await names('--username', 'guest_'), ['guest_2'])
    assert.deepEqual(await names('--username', '%'), [])
    assert.deepEqual(await names('--username', "' OR 1=1 --"), [])
    assert.equal((await stage.run(['guests', '--username', 'nobody'])).stdout, 'No guests.\n')
  })

  it('--after lists the next page of guests', async () => {
    const first = await stage.run(['guests', '--limit', '2'])
    assert.equal(first.stderr, `There are more: --after ${ids[1]} continues.\n`)
    const second = await list('--limit', '2', '--after', String(ids[1]))
    assert.deepEqual([second.guests.map(({ id }) => id), second.hasMore], [[ids[2]], false])
    const wrong = await stage.run(['guests', '--after', "x' OR 1=1"])
    assert.equal(wrong.code, 2)
    assert.match(wrong.stderr, /--after: .* is no value of the primary key of User/)
  })

  it('a username cannot move the cursor of the terminal', async () => {
    const id = await makeGuest(stage, '\u001b[2Jevil\n99 forged', 0)
    const { stdout } = await stage.run(['guests', '--after', String(ids[2])])
    assert.equal(stdout.trimEnd().split('\n').length, 2)
    assert.doesNotMatch(stdout.replaceAll('\n', ''), /\p{Cc}/u)
    await stage.User.destroy({ where: { id } })
  })

  it('the command needs a Guest in the configuration', async () => {
    const { sequelize, Visitor, folder } = stage
    await exportFrom(folder, { sequelize, Visitor }, 'without-guests.mjs')
    const { code, stderr } = await stage.run(['guests', '--config', 'without-guests.mjs'])
    assert.equal(code, 2)
    assert.match(stderr, /without-guests\.mjs exports no Guest: this command needs it/)
  })
})

const KEYS: Readonly<Record<string, StageOptions>> = {
  'a UUID, in snake case': {
    user: { id: { type: DataTypes.UUID, primaryKey: true, defaultValue: DataTypes.UUIDV4 } },
    userOptions: { underscored: true },
  },
  'a BIGINT, under soft deletion': {
    user: { id: { type: DataTypes.BIGINT, primaryKey: true, autoIncrement: true } },
    userOptions: { paranoid: true, defaultScope: { where: { username: 'nobody' } } },
  },
}

for (const [name, options] of Object.entries(KEYS)) {
  it(`guests are listed page by page where the key is ${name}`, async () => {
    const stage = await openStage(options)
    try {
      for (const username of ['one', 'two', 'three']) await makeGuest(stage, username, 1)
      const seen: string[] = []
      let after: string[] = []
      for (let page = 0; page < 3; page++) {
        const { document } = await stage.json(['guests', '--limit', '1', ...after])
        const [guest] = (document as Listed).guests
        assert.ok(guest)
        seen.push(guest.username)
        after = ['--after', String(guest.id)]
      }
      assert.deepEqual(seen.sort(), ['one', 'three', 'two'])
    } finally {
      await stage.close()
    }
  })
}
