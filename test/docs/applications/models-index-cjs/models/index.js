// In the layout of `sequelize init`: every other file of this folder exports a function that defines a model.
const { readdirSync } = require('node:fs')
const { join } = require('node:path')
const { DataTypes, Sequelize } = require('sequelize')
const sequelize = require('../database')

const db = {}

for (const file of readdirSync(__dirname).filter((name) => name !== 'index.js')) {
  const model = require(join(__dirname, file))(sequelize, DataTypes)
  db[model.name] = model
}
for (const model of Object.values(db)) model.associate?.(db)

// the page's lines

db.sequelize = sequelize
db.Sequelize = Sequelize

module.exports = db
