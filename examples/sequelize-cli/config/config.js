'use strict'

const { PGlite } = require('@electric-sql/pglite')
const { createPgConfig } = require('@electric-sql/pglite/node-postgres')
const pg = require('pg')

const server = { use_env_variable: 'DATABASE_URL', dialect: 'postgres', logging: false }

module.exports = {
  development: process.env.DATABASE_URL === undefined ? embedded() : server,
  production: server,
}

/** PostgreSQL in this process, in the folder `database`. One process can use it at a time. */
function embedded() {
  let lite // opened by the first query
  class Client extends pg.Client {
    constructor() {
      super(createPgConfig((lite ??= new PGlite('./database'))))
    }
  }
  const pool = { max: 1, idle: 2 ** 31 - 1 }
  return { dialect: 'postgres', dialectModule: { ...pg, Client }, pool, logging: false }
}
