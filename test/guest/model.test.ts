import assert from 'node:assert/strict'
import { after, before, describe, it } from 'node:test'
import {
  DataTypes,
  type CreationOptional,
  type InferAttributes,
  type InferCreationAttributes,
  type NonAttribute,
} from 'sequelize'
import {
  defineGuestModel,
  Guest as BaseGuest,
  guestOf,
  GuestStrategy,
  type GuestModel,
} from '../../src/index.js'
import { startApplication, type TestApp, type User } from '../support/application.js'
import { openDatabase, usesOneStatement } from '../support/database.js'
import { defineUser } from '../support/application.js'
import { later, DAY } from '../support/clock.js'

class CampaignGuest extends BaseGuest<
  InferAttributes<CampaignGuest>,
  InferCreationAttributes<CampaignGuest>
> {
  declare campaign: string | null
  declare clicks: CreationOptional<number>

  get isFromCampaign(): NonAttribute<boolean> {
    return this.campaign !== null
  }
}

describe('a Guest model with columns and methods of the application’s own', () => {
  let app: TestApp
  let Guest: GuestModel<User, CampaignGuest>
  before(async () => {
    app = await startApplication({
      guest: {
        model: CampaignGuest,
        attributes: { campaign: DataTypes.STRING(40), clicks: { type: DataTypes.INTEGER, defaultValue: 7 } },
      },
      routes(host, context) {
        Guest = context.Guest as unknown as GuestModel<User, CampaignGuest>
        context.passport.use(
          'told',
          new GuestStrategy({
            Guest,
            onCreate: async ({ guest, req, transaction }) => {
              const { utm_campaign: campaign } = req.query // as the recipe has it
              if (typeof campaign === 'string')
                await guest.update({ campaign: campaign.slice(0, 40) }, { transaction })
            },
          }),
        )
        const tell = (req: Parameters<typeof guestOf>[0]) => {
          const guest = guestOf(req, CampaignGuest)
          return { campaign: guest?.campaign, clicks: guest?.clicks, isFromCampaign: guest?.isFromCampaign }
        }
        host.get('/play', context.passport.authenticate('guest'), (req, res) => {
          res.json(tell(req))
        })
        host.get('/told', context.passport.authenticate('told'), (req, res) => {
          res.json(tell(req))
        })
        host.get('/tell', (req, res) => {
          res.json(tell(req))
        })
      },
    })
  })
  after(() => app.close())

  it('creates guests with the defaults of those columns', async () => {
    const browser = app.browser()
    const made = await browser.get('/play').expect(200)
    assert.equal((made.body as { clicks: number }).clicks, 7)
    const row = await Guest.findOne({ rejectOnEmpty: true })
    assert.equal(row.clicks, 7)
    assert.equal(row.campaign, null)
    assert.equal(row.isFromCampaign, false)
  })

  it('passes the row to onCreate, and loads it with the user in one statement later', async () => {
    const browser = app.browser()
    await browser.get('/told?utm_campaign=spring').expect(200, {
      campaign: 'spring',
      clicks: 7,
      isFromCampaign: true,
    })
    app.database.takeStatements()
    await browser.get('/tell').expect(200, { campaign: 'spring', clicks: 7, isFromCampaign: true })
    assert.equal(app.database.takeStatements().length, 1)
  })

  it('stores from the query only a string that fits the column', async () => {
    const long = await app
      .browser()
      .get(`/told?utm_campaign=${'x'.repeat(100)}`)
      .expect(200)
    assert.equal((long.body as { campaign: string }).campaign, 'x'.repeat(40))
    const twice = await app.browser().get('/told?utm_campaign=a&utm_campaign=b').expect(200)
    assert.equal((twice.body as { campaign?: string }).campaign ?? null, null)
  })

  it('does not include its own columns in JSON', async () => {
    await app.browser().get('/told?utm_campaign=secret').expect(200)
    const row = await Guest.findOne({ where: { campaign: 'secret' }, rejectOnEmpty: true })
    assert.deepEqual(Object.keys(row.toJSON()), ['userId', 'createdAt', 'expiresAt'])
  })

  it('is refused by guestOf for another Guest model', async () => {
    class OtherGuest extends BaseGuest {}
    const browser = app.browser()
    await browser.get('/play').expect(200)
    let thrown: unknown
    const host = await startApplication({
      routes(server, { passport }) {
        server.get('/play', passport.authenticate('guest'), (req, res) => {
          try {
            guestOf(req, OtherGuest)
          } catch (error) {
            thrown = error
          }
          res.json({})
        })
      },
    })
    await host.browser().get('/play').expect(200)
    await host.close()
    assert.match(String(thrown), /guestOf: the guest belongs to another model than OtherGuest/)
  })

  it('converts and expires its guests like the default model', async () => {
    const browser = app.browser()
    await browser.get('/told?utm_campaign=summer').expect(200)
    const row = await Guest.findOne({ where: { campaign: 'summer' }, rejectOnEmpty: true })
    await later(15 * DAY, () => browser.get('/tell').expect(200, {}))
    await Guest.convert(row.userId, { username: 'summer' })
    assert.equal(await Guest.count({ where: { campaign: 'summer' } }), 0)
  })
})

describe('columns of the application’s own without a default', () => {
  it('need no further statement: a guest is created in one statement on PostgreSQL', async () => {
    const app = await startApplication({
      guest: { attributes: { campaign: DataTypes.STRING(40) } },
      routes(host, { passport }) {
        host.get('/play', passport.authenticate('guest'), (_req, res) => {
          res.json({})
        })
      },
    })
    await app.browser().get('/play').expect(200)
    if (usesOneStatement) assert.equal(app.database.takeStatements().length, 1)
    await app.close()
  })
})

describe('wrong options of the Guest model', () => {
  it('throw at start-up with an error that names the option', async () => {
    const database = await openDatabase()
    const Users = defineUser(database.sequelize)
    const define = (options: object) => () =>
      defineGuestModel(database.sequelize, { User: Users, ...options })
    assert.throws(define({ model: class {} }), /option 'model' must be a class that extends Guest/)
    assert.throws(define({ model: defineGuestModel(database.sequelize, { User: Users }) }), /not initialised/)
    assert.throws(define({ attributes: { userId: DataTypes.INTEGER } }), /'userId', which Guest has already/)
    assert.throws(
      define({ attributes: { campaign: { type: DataTypes.STRING, allowNull: false } } }),
      /'campaign', which must allow null or have a defaultValue/,
    )
    for (const name of ['hasExpired', 'expiresAt', 'user']) {
      assert.throws(define({ attributes: { [name]: DataTypes.DATE } }), /which Guest has already/)
    }
    assert.throws(define({ attributes: [] }), /option 'attributes' must be/)
    assert.throws(define({ maxAge: 60, touchInterval: 60 }), /'touchInterval' must be less than maxAge/)
    assert.throws(define({ maxAge: 60, maxLifetime: 59 }), /'maxLifetime' must not be less than maxAge/)
    assert.throws(define({ touchInterval: 0 }), /option 'touchInterval' must be a positive number of seconds/)
    await database.close()
  })
})

describe('a second definition for the same users', () => {
  it('is refused, and does not change the first definition', async () => {
    const database = await openDatabase()
    try {
      const Users = defineUser(database.sequelize)
      const Guest = defineGuestModel(database.sequelize, { User: Users })
      await database.sequelize.sync()
      for (const more of [{}, { modelName: 'Other' }]) {
        assert.throws(() => defineGuestModel(database.sequelize, { User: Users, ...more }), {
          name: 'TypeError',
          message: /User has guests already, of the model 'Guest': define it once/,
        })
      }
      assert.deepEqual(
        [database.sequelize.model('Guest') === Guest, database.sequelize.isDefined('Other')],
        [true, false],
      )
      const user = await Guest.createGuestUser()
      assert.equal((await Guest.convert(user, { username: 'fred' })).username, 'fred')
    } finally {
      await database.close()
    }
  })

  it('is refused if the users model has an association named guest', async () => {
    const database = await openDatabase()
    const Users = defineUser(database.sequelize)
    Users.hasOne(database.sequelize.define('Invitation', {}), { as: 'guest' })
    assert.throws(() => defineGuestModel(database.sequelize, { User: Users }), {
      name: 'TypeError',
      message: /User has an association 'guest' of yours already/,
    })
    await database.close()
  })
})
