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
import { defineGuestModel, type GuestModel } from 'passport-ephemeral'

/** The application's users. There are no passwords: regular users sign in with a provider. */
export class User extends Model<InferAttributes<User>, InferCreationAttributes<User>> {
  declare readonly id: CreationOptional<number>
  declare username: string
  /** In lower case; only a verified address. */
  declare email: CreationOptional<string | null>
  declare emailVerifiedAt: CreationOptional<Date | null>
}

/** An account at a provider with which a user signs in. The provider never changes or reuses its `subject`. */
export class FederatedIdentity extends Model<
  InferAttributes<FederatedIdentity>,
  InferCreationAttributes<FederatedIdentity>
> {
  declare readonly id: CreationOptional<number>
  declare issuer: string
  declare subject: string
  declare userId: ForeignKey<number>
  declare user?: NonAttribute<User>
}

/** A note of a guest or a regular user. */
export class Note extends Model<InferAttributes<Note>, InferCreationAttributes<Note>> {
  declare readonly id: CreationOptional<number>
  declare userId: ForeignKey<number>
  declare text: string
}

export const USERNAME_LENGTH = 30
export const NOTE_LENGTH = 500

export interface Models {
  readonly sequelize: Sequelize
  readonly Guest: GuestModel<User>
}

export function defineModels(sequelize: Sequelize): Models {
  const id = { type: DataTypes.INTEGER, primaryKey: true, autoIncrement: true }

  User.init(
    {
      id,
      username: { type: DataTypes.STRING(USERNAME_LENGTH), allowNull: false, unique: true },
      email: { type: DataTypes.STRING(254), unique: true },
      emailVerifiedAt: { type: DataTypes.DATE },
    },
    { sequelize, timestamps: false },
  )
  const Guest = defineGuestModel(sequelize, {
    User,
    onConvert: async ({ user, verifiedEmail, transaction }) => {
      if (verifiedEmail !== undefined && user.email === verifiedEmail)
        await user.update({ emailVerifiedAt: new Date() }, { transaction })
    },
  })

  // `fred` and `Fred` are two subjects (OpenID Connect Core §2), but equal in MySQL's usual collations. As BINARY they
  // differ; on PostgreSQL and SQLite they always differ.
  const foldsCase = sequelize.getDialect() === 'mysql'
  const exact = () => ({ type: DataTypes.STRING(255, foldsCase), allowNull: false })
  FederatedIdentity.init(
    { id, issuer: exact(), subject: exact() },
    {
      sequelize,
      timestamps: false,
      // So that two parallel sign-ins end in one account.
      indexes: [{ unique: true, fields: ['issuer', 'subject'] }, { fields: ['userId'] }],
    },
  )
  Note.init(
    { id, text: { type: DataTypes.STRING(NOTE_LENGTH), allowNull: false } },
    { sequelize, timestamps: false, indexes: [{ fields: ['userId'] }] },
  )
  const owned: ModelStatic<Model>[] = [FederatedIdentity, Note]
  for (const Owned of owned) {
    Owned.belongsTo(User, {
      as: 'user',
      foreignKey: { name: 'userId', allowNull: false },
      onDelete: 'CASCADE',
    })
  }

  // The table of connect-session-sequelize.
  sequelize.define('Session', {
    sid: { type: DataTypes.STRING(36), primaryKey: true },
    expires: { type: DataTypes.DATE },
    data: { type: DataTypes.TEXT },
  })
  return { sequelize, Guest }
}
