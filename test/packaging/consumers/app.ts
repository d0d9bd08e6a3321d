import type { AddressInfo } from 'node:net'
import { PGlite } from '@electric-sql/pglite'
import { createPgConfig } from '@electric-sql/pglite/node-postgres'
import express from 'express'
import session from 'express-session'
import passport from 'passport'
import {
  defineGuestModel,
  defineVisitorModels,
  ensureVisitor,
  GuestStrategy,
  isGuest,
  VisitorTokenStrategy,
  type GuestModel,
  type Visitor as VisitorPass,
} from 'passport-ephemeral'
import { migrationsFor, type Migration } from 'passport-ephemeral/migrations'
import pg from 'pg'
import {
  DataTypes,
  Model,
  Sequelize,
  type CreationOptional,
  type InferAttributes,
  type InferCreationAttributes,
} from 'sequelize'

class User extends Model<InferAttributes<User>, InferCreationAttributes<User>> {
  declare id: CreationOptional<number>
  declare username: string
}

const lite = await PGlite.create()
class Client extends pg.Client {
  constructor() {
    super(createPgConfig(lite))
  }
}
const sequelize = new Sequelize({
  dialect: 'postgres',
  dialectModule: { ...pg, Client },
  pool: { max: 1 },
  logging: false,
})

User.init(
  {
    id: { type: DataTypes.INTEGER, primaryKey: true, autoIncrement: true },
    username: { type: DataTypes.STRING(150), unique: true },
  },
  { sequelize, modelName: 'User' },
)
const { Visitor } = defineVisitorModels(sequelize, { secret: 'a secret of more than thirty-two characters' })
const Guest: GuestModel<User> = defineGuestModel(sequelize, { User })

await User.sync()
const migrations: Migration[] = migrationsFor({ Visitor, Guest })
for (const { up } of migrations) await up(sequelize.getQueryInterface())

passport.use(new VisitorTokenStrategy({ Visitor }))
passport.use(
  new GuestStrategy({
    Guest,
    createUser: ({ username, transaction }) => User.create({ username }, { transaction }),
  }),
)
passport.serializeUser(Guest.serializeUser)
passport.deserializeUser(Guest.deserializeUser)

const app = express()
app.use(session({ secret: 'session secret', resave: false, saveUninitialized: false }))
app.use(passport.session())
app.use(passport.authenticate('visitor-token'))
app.get('/play', passport.authenticate('guest'), (req, res) => {
  res.json({ isGuest: isGuest(req) })
})
app.get('/reference', ensureVisitor('REFERENCE_REQUEST'), (req, res) => {
  const visitor: VisitorPass | undefined = req.visitor
  res.json(visitor)
})

const pass: VisitorPass = await Visitor.create({
  firstName: 'Ginger',
  email: 'ginger@example.com',
  scope: 'REFERENCE_REQUEST',
})
const server = app.listen(0, '127.0.0.1', () => {
  const { port } = server.address() as AddressInfo
  console.log(JSON.stringify({ port, link: pass.tokenise('/reference') }))
})

/** Never called: the user's own type comes out of `convert`. */
export async function convert(user: User): Promise<string> {
  const converted = await Guest.convert(user, { username: 'fred' })
  // @ts-expect-error -- not an attribute of this User
  await Guest.convert(user, { nickname: 'fred' })
  return converted.username
}
