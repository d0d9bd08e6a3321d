'use strict'

const fs = require('fs')
const path = require('path')
const { defineGuestModel, defineVisitorModels } = require('passport-ephemeral')
const Sequelize = require('sequelize')

const config = require('../config/config.js')[process.env.NODE_ENV || 'development']
const sequelize = config.use_env_variable
  ? new Sequelize(process.env[config.use_env_variable], config)
  : new Sequelize(config.database, config.username, config.password, config)

const db = { sequelize, Sequelize }
for (const file of fs.readdirSync(__dirname)) {
  if (!file.endsWith('.js') || file === path.basename(__filename)) continue
  const model = require(path.join(__dirname, file))(sequelize, Sequelize.DataTypes)
  db[model.name] = model
}

// Not in files of their own, which would be loaded in alphabetical order: Guest needs User.
db.Guest = defineGuestModel(sequelize, { User: db.User })
const secret = process.env.VISITOR_SECRET || 'only for development: at least 32 characters'
Object.assign(db, defineVisitorModels(sequelize, { secret })) // Visitor, VisitorLog

for (const model of Object.values(db)) model.associate?.(db)

module.exports = db
