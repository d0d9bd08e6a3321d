import { cleanup } from '../../src/index.js'
import { readStats } from '../../src/stats/read-stats.js'
import { startApplication } from '../support/application.js'
import { dialect } from '../support/database.js'

/**
 * `node time-zone-process.js <timezone of Sequelize>`: cleans up on both sides of every limit in a process of its own, whose
 * `TZ` is the parent's choice, and prints what was deleted.
 */
const HOUR = 60 * 60
const DAY = 24 * HOUR
const [timezone = '+00:00', more = '{}'] = process.argv.slice(2)
const app = await startApplication({ database: { timezone, ...(JSON.parse(more) as object) } })
const { Guest, User, Visitor, VisitorLog, sequelize } = app
const PendingConversion = sequelize.model('PendingConversion')
const ago = (seconds: number): Date => new Date(Date.now() - seconds * 1000)

async function guest(secondsAgo: number): Promise<number> {
  const { id } = await User.create({ username: crypto.randomUUID() })
  await Guest.create({ userId: id, createdAt: ago(secondsAgo), lastSeenAt: ago(secondsAgo) })
  return id
}

async function pendingConversion(userId: number, expiredSecondsAgo: number): Promise<void> {
  const expiresAt = ago(expiredSecondsAgo)
  await PendingConversion.create({
    userId,
    email: 'a@example.test',
    details: {},
    tokenHash: crypto.randomUUID(),
    expiresAt,
  })
}

async function pass(expiredSecondsAgo: number, visitsSecondsAgo: readonly number[]): Promise<void> {
  const { id } = await Visitor.create({
    email: 'a@example.test',
    scope: 'X',
    expiresAt: ago(expiredSecondsAgo),
  })
  const visit = { visitorId: id, method: 'GET', path: '/', status: 200, userAgent: '', referrer: '', ip: '' }
  await VisitorLog.bulkCreate(
    visitsSecondsAgo.map((seconds) => ({
      ...visit,
      sessionHash: '',
      outcome: 'admitted' as const,
      createdAt: ago(seconds),
    })),
  )
}

try {
  // Half an hour on either side of each limit: less than the difference between any two of the time zones.
  const half = HOUR / 2
  await guest(14 * DAY - half)
  await guest(14 * DAY + half)
  await guest(14 * DAY + half)
  const withOpenLink = await guest(14 * DAY + half)
  await pendingConversion(withOpenLink, -half)
  await pendingConversion(await guest(0), half)
  await pass(30 * DAY - half, [])
  await pass(30 * DAY + half, [])
  await pass(0, [90 * DAY - half, 90 * DAY + half, 90 * DAY + half])
  const byDefault = await cleanup({ Guest, Visitor, VisitorLog }, { batchSize: 1 })
  const anHourOld = await guest(HOUR + half)
  const justMade = await guest(0)
  const byKeep = await cleanup({ Guest }, { maxAge: HOUR, keep: { guests: { id: withOpenLink } } })
  const days = await readStats({ Guest, Visitor }, { days: 20 })
  const withGuests = days.filter(({ guests }) => guests !== undefined && guests.created > 0)
  console.log(
    JSON.stringify({
      dialect,
      byDefault,
      byMaxAge: byKeep.guests,
      left: {
        anHourOld: (await User.findByPk(anHourOld)) !== null,
        justMade: (await User.findByPk(justMade)) !== null,
        withOpenLink: (await User.findByPk(withOpenLink)) !== null,
      },
      created: Object.fromEntries(withGuests.map(({ day, guests }) => [day, guests?.created])),
      expiredToday: days.at(-1)?.guests?.expired,
      issuedToday: days.at(-1)?.passes?.issued,
      expectedDays: [14 * DAY - half, 14 * DAY + half, HOUR + half, 0].map((seconds) =>
        ago(seconds).toISOString().slice(0, 10),
      ),
    }),
  )
} finally {
  await app.close()
}
