import { DataTypes, type DataType } from 'sequelize'

/**
 * Sequelize's type for a column as the database describes it. Of a key it must be the very one: a foreign key to it has
 * the same. What is not known by name keeps the database's own words, with which Sequelize makes columns as well.
 */
export function columnType(described: string, dialect: string): DataType {
  const text = described.toUpperCase()
  const isUnsigned = text.includes('UNSIGNED')
  if (text.startsWith('BIGINT')) return isUnsigned ? DataTypes.BIGINT.UNSIGNED : DataTypes.BIGINT
  if (/^INT(EGER)?\b/.test(text)) return isUnsigned ? DataTypes.INTEGER.UNSIGNED : DataTypes.INTEGER
  const length = /^(?:CHARACTER VARYING|VARCHAR)\((\d+)\)/.exec(text)?.[1]
  if (length !== undefined) return DataTypes.STRING(Number(length))
  const isMysql = dialect === 'mysql' || dialect === 'mariadb' // a UUID is a text there
  if (isMysql ? text.startsWith('CHAR(36)') : text === 'UUID') return DataTypes.UUID
  if (/^(BOOLEAN|TINYINT\(1\))/.test(text)) return DataTypes.BOOLEAN
  if (/^(TIMESTAMP|DATETIME)/.test(text)) return DataTypes.DATE
  return described
}
