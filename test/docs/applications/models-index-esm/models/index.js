// In the layout of `sequelize init`, as ES modules: every other file of this folder exports a function that defines a model.
import { readdirSync } from 'node:fs'
import { DataTypes, Sequelize } from 'sequelize'
import sequelize from '../database.js'

const db = {}

for (const file of readdirSync(import.meta.dirname).filter((name) => name !== 'index.js')) {
  const { default: define } = await import(`./${file}`)
  const model = define(sequelize, DataTypes)
  db[model.name] = model
}
for (const model of Object.values(db)) model.associate?.(db)

// the page's lines

db.sequelize = sequelize
db.Sequelize = Sequelize

export default db
