// For `npx passport-ephemeral`: what the compiled application exports.
const { sequelize } = require('./dist/database')
const { Guest, Visitor } = require('./dist/models')

module.exports = {
  sequelize,
  Guest,
  Visitor,
  // For doctor, which sends requests to the Express application within Nest's.
  app: async () => {
    const { createNestApp } = require('./dist/create-nest-app')
    const nest = await createNestApp()
    await nest.init()
    return nest.getHttpAdapter().getInstance()
  },
  paths: ['/', '/notes', '/reference', '/convert'],
}
