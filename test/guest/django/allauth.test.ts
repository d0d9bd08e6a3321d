import assert from 'node:assert/strict'
import { after, before, beforeEach, describe, it } from 'node:test'
import type { Request } from 'express'
import { Strategy } from 'passport-strategy'
import { DataTypes, type Model, type ModelStatic } from 'sequelize'
import type { Agent } from 'supertest'
import { isGuest, mergeGuest } from '../../../src/index.js'
import { startApplication, whoIs, type TestApp, type User, type Who } from '../../support/application.js'

/**
 * What a provider's strategy comes to once it knows who signs in, here told by the callback's query: an identity that is
 * known is its user; one that is not makes the guest of the session a regular user under the provider's name for them.
 */
class SocialStrategy extends Strategy {
  readonly name = 'social'

  constructor(private readonly findOrConvert: (req: Request, uid: string, name: string) => Promise<User>) {
    super()
  }

  override authenticate(req: Request): void {
    // eslint-disable-next-line @typescript-eslint/unbound-method -- closures that Passport has put there
    const { success, error } = this
    this.findOrConvert(req, told(req, 'uid'), told(req, 'screen_name')).then((user) => {
      success(user)
    }, error)
  }
}

function told(req: Request, parameter: string): string {
  const value = req.query[parameter]
  return typeof value === 'string' ? value : ''
}

let app: TestApp
let SocialAccount: ModelStatic<Model>
let Note: ModelStatic<Model>
const converted: string[] = []

before(async () => {
  app = await startApplication({
    guest: { onConvert: ({ user }) => converted.push(user.username) },
    routes(host, { passport, sequelize, Guest, User: Users }) {
      SocialAccount = sequelize.define('SocialAccount', {
        uid: { type: DataTypes.STRING(64), primaryKey: true },
      })
      SocialAccount.belongsTo(Users, {
        foreignKey: { name: 'userId', allowNull: false },
        onDelete: 'CASCADE',
      })
      Note = sequelize.define('Note', { text: DataTypes.STRING })
      Note.belongsTo(Users, { foreignKey: { name: 'userId', allowNull: false }, onDelete: 'CASCADE' })

      passport.use(
        new SocialStrategy(async (req, uid, name) => {
          const account = await SocialAccount.findByPk(uid)
          if (account !== null) {
            const id = account.get('userId') as number
            return await Users.findByPk(id, { rejectOnEmpty: true })
          }
          assert.ok(isGuest(req))
          return await sequelize.transaction(async (transaction) => {
            const user = await Guest.convert(
              req.user as User,
              { username: name },
              { transaction, findFreeUsername: true },
            )
            await SocialAccount.create({ uid, userId: user.id }, { transaction })
            return user
          })
        }),
      )
      host.use(mergeGuest({ Guest }))
      host.get('/play', passport.authenticate('guest'), (req, res, next) => {
        Note.create({ text: told(req, 'note'), userId: (req.user as User).id }).then(() => {
          res.json(whoIs(req))
        }, next)
      })
      host.get('/accounts/social/callback', passport.authenticate('social'), (req, res) => {
        res.json(whoIs(req))
      })
    },
  })
  await app.sequelize.sync()
})
after(() => app.close())
beforeEach(async () => {
  converted.length = 0
  await app.User.destroy({ where: {} })
})

async function guest(note = ''): Promise<{ browser: Agent; id: number }> {
  const browser = app.browser()
  const { user } = (await browser.get('/play').query({ note }).expect(200)).body as Who
  return { browser, id: user?.id ?? 0 }
}

const signIn = async (browser: Agent, uid: string, name: string): Promise<Who> => {
  const path = '/accounts/social/callback'
  return (await browser.get(path).query({ uid, screen_name: name }).expect(200)).body as Who
}

async function notesOf(userId: number): Promise<unknown[]> {
  const notes = await Note.findAll({ where: { userId }, order: ['id'] })
  return notes.map((note) => note.get('text'))
}

describe('a social account', () => {
  it('that a guest connects makes them a regular user, under the name that they have there', async () => {
    const { browser, id } = await guest('milk')
    const signedIn = await signIn(browser, '1234567', 'converting_user')
    assert.deepEqual(signedIn.user, { id, username: 'converting_user' })
    assert.deepEqual([signedIn.isGuest, signedIn.isRegularUser], [false, true])
    assert.deepEqual(converted, ['converting_user'])
    assert.deepEqual(await notesOf(id), ['milk'])
    const later = (await browser.get('/who')).body as Who
    assert.deepEqual([later.user?.id, later.isRegularUser], [id, true])
  })

  it('whose name is taken gives them that name with digits after it', async () => {
    await app.User.create({ username: 'taken_username' })
    const { browser, id } = await guest()
    const { user, isGuest: stillGuest } = await signIn(browser, '567890', 'taken_username')
    assert.equal(user?.id, id)
    assert.match(user.username, /^taken_username\d+$/)
    assert.equal(stillGuest, false)
    assert.deepEqual(converted, [user.username])
  })

  it('that belongs to an account already logs in to it, and the account gets the guest’s rows', async () => {
    const first = await guest('milk')
    await signIn(first.browser, '1234567', 'ginger')
    const second = await guest('bread')
    const { user, isRegularUser } = await signIn(second.browser, '1234567', 'ginger')
    assert.deepEqual([user?.id, isRegularUser], [first.id, true])
    assert.deepEqual(await notesOf(first.id), ['milk', 'bread'])
    assert.equal(await app.User.findByPk(second.id), null)
    assert.equal(await app.Guest.count(), 0)
    assert.deepEqual(converted, ['ginger'], 'the second guest was merged, not converted')
  })
})
