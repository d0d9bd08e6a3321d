import { DataTypes, type Sequelize } from 'sequelize'

/** A key that counts past 31 bits; SQLite numbers rows by INTEGER alone, which is 64 bits there. */
export function wideKeyType(sequelize: Sequelize): DataTypes.AbstractDataTypeConstructor {
  return sequelize.getDialect() === 'sqlite' ? DataTypes.INTEGER : DataTypes.BIGINT
}
