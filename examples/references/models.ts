import {
  DataTypes,
  Model,
  type CreationOptional,
  type ForeignKey,
  type InferAttributes,
  type InferCreationAttributes,
  type ModelStatic,
  type NonAttribute,
  type Sequelize,
} from 'sequelize'
import { defineGuestModel, defineVisitorModels, type Visitor } from 'passport-ephemeral'

/** The application's own users. It has no column for guests: a guest is a row without a password. */
export class User extends Model<InferAttributes<User>, InferCreationAttributes<User>> {
  declare readonly id: CreationOptional<number>
  declare username: string
  declare passwordHash: CreationOptional<string | null>
  /** Whether the operator's pages are open to this user. */
  declare isOperator: CreationOptional<boolean>
  declare readonly createdAt: CreationOptional<Date>
}

/** A user's request for a reference, and the answer or its draft. */
export class ReferenceRequest extends Model<
  InferAttributes<ReferenceRequest>,
  InferCreationAttributes<ReferenceRequest>
> {
  declare readonly id: CreationOptional<number>
  declare userId: ForeignKey<number>
  declare passId: ForeignKey<number>
  declare askerName: string
  declare position: string
  /** The answer; a draft until `finishedAt`, which the referee's form fills in step by step. */
  declare relationship: CreationOptional<string | null>
  declare text: CreationOptional<string | null>
  declare finishedAt: CreationOptional<Date | null>
  declare readonly createdAt: CreationOptional<Date>
  declare pass?: NonAttribute<Visitor>

  /** Derived from the pass, never stored. Needs `include: 'pass'`. */
  get status(): NonAttribute<'answered' | 'waiting' | 'expired' | 'withdrawn'> {
    if (this.finishedAt !== null) return 'answered'
    if (this.pass?.isActive !== true) return 'withdrawn'
    return this.pass.hasExpired ? 'expired' : 'waiting'
  }
}

/**
 * An e-mail that is not sent yet; its row is deleted when the mail server has accepted it. It stores the pass, not the
 * link: the link is made from the pass and the secret when it is sent, so this table contains no credential.
 */
export class Message extends Model<InferAttributes<Message>, InferCreationAttributes<Message>> {
  declare readonly id: CreationOptional<number>
  declare userId: ForeignKey<number>
  declare passId: ForeignKey<number>
  declare subject: string
  declare body: string
  /** Where the link leads. */
  declare path: string
  declare readonly createdAt: CreationOptional<Date>
  declare pass?: NonAttribute<Visitor>
}

export type Models = ReturnType<typeof defineModels>

export function defineModels(sequelize: Sequelize, { visitorSecret }: { visitorSecret: string }) {
  const id = { type: DataTypes.INTEGER, primaryKey: true, autoIncrement: true }
  const required = (length: number) => ({ type: DataTypes.STRING(length), allowNull: false })

  User.init(
    {
      id,
      username: { ...required(64), unique: true },
      passwordHash: { type: DataTypes.STRING },
      isOperator: { type: DataTypes.BOOLEAN, allowNull: false, defaultValue: false },
      createdAt: DataTypes.DATE,
    },
    { sequelize, updatedAt: false },
  )

  // The package's models, beside the application's own.
  const { Visitor, VisitorLog } = defineVisitorModels(sequelize, { secret: visitorSecret })
  const Guest = defineGuestModel(sequelize, { User })

  ReferenceRequest.init(
    {
      id,
      askerName: required(100),
      position: required(200),
      relationship: { type: DataTypes.STRING(500) },
      text: { type: DataTypes.TEXT },
      finishedAt: { type: DataTypes.DATE },
      createdAt: DataTypes.DATE,
    },
    { sequelize, updatedAt: false, indexes: [{ fields: ['userId'] }, { fields: ['passId'] }] },
  )
  Message.init(
    {
      id,
      subject: required(200),
      body: { type: DataTypes.TEXT, allowNull: false },
      path: required(200),
      createdAt: DataTypes.DATE,
    },
    { sequelize, updatedAt: false, indexes: [{ fields: ['userId'] }, { fields: ['passId'] }] },
  )
  // The clean-up deletes an expired guest, and these rows with it.
  const owned: ModelStatic<Model>[] = [ReferenceRequest, Message]
  for (const Owned of owned) {
    Owned.belongsTo(User, { foreignKey: { name: 'userId', allowNull: false }, onDelete: 'CASCADE' })
    Owned.belongsTo(Visitor, {
      as: 'pass',
      foreignKey: { name: 'passId', allowNull: false },
      onDelete: 'CASCADE',
    })
  }

  // The table of connect-session-sequelize.
  const Session = sequelize.define('Session', {
    sid: { type: DataTypes.STRING(36), primaryKey: true },
    expires: { type: DataTypes.DATE },
    data: { type: DataTypes.TEXT },
  })

  return { User, Guest, Visitor, VisitorLog, ReferenceRequest, Message, Session }
}
