'use strict'

module.exports = {
  up: (queryInterface, { DataTypes }) =>
    queryInterface.createTable('Users', {
      id: { type: DataTypes.INTEGER, primaryKey: true, autoIncrement: true },
      username: { type: DataTypes.STRING(150), allowNull: false, unique: true },
      password: { type: DataTypes.STRING },
      createdAt: { type: DataTypes.DATE, allowNull: false },
      updatedAt: { type: DataTypes.DATE, allowNull: false },
    }),
  down: (queryInterface) => queryInterface.dropTable('Users'),
}
