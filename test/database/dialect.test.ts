import assert from 'node:assert/strict'
import { test } from 'node:test'
import mysql2 from 'mysql2'
import { Sequelize } from 'sequelize'
import { dialectOf } from '../../src/database/dialect.js'

test('Sequelize’s mariadb dialect is treated as MySQL', () => {
  const sequelize = new Sequelize({ dialect: 'mariadb', dialectModule: mysql2 })
  assert.equal(dialectOf(sequelize).kind, 'mysql')
})

test('a dialect that the package does not support is refused, with the supported ones', () => {
  const sequelize = { getDialect: () => 'oracle' }
  assert.throws(
    () => dialectOf(sequelize as Sequelize),
    /postgres, mysql, mariadb, sqlite of Sequelize, not oracle/,
  )
})
