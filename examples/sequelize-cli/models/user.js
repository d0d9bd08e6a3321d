'use strict'

module.exports = (sequelize, DataTypes) =>
  sequelize.define('User', {
    username: { type: DataTypes.STRING(150), allowNull: false, unique: true },
    password: { type: DataTypes.STRING }, // a hash; guests have none
  })
