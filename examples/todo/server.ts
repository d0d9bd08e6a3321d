import { createServer, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import { createApp } from './app.js'
import { openDatabase, type Database } from './database.js'
import { defineModels } from './models.js'
import { readSessionSecret, readSettings } from './settings.js'

async function start(): Promise<void> {
  const settings = readSettings()
  const { port, host, proxies, production } = settings
  const database = await openDatabase(settings)
  try {
    const { sequelize } = database
    const models = defineModels(sequelize)
    await sequelize.sync() // enough for a demo; use migrations in your application
    const sessionSecret = await readSessionSecret(settings)
    const server = createServer(createApp({ sequelize, models, sessionSecret, production, proxies }))
    const address = await listen(server, port, host)
    stopOnSignals(server, database)
    console.log(`Todo listens on ${address}`)
  } catch (error) {
    await database.close()
    throw error
  }
}

async function listen(server: Server, port: number, host: string): Promise<string> {
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject)
    server.listen(port, host, resolve)
  })
  const { port: actual } = server.address() as AddressInfo
  return `http://${host.includes(':') ? `[${host}]` : host}:${actual}`
}

/** Lets running requests finish, then closes the database and unlocks its folder. */
function stopOnSignals(server: Server, database: Database): void {
  let stopping = false
  const stop = (): void => {
    if (stopping) return
    stopping = true
    server.close(() => {
      database.close().catch(fail)
    })
    server.closeIdleConnections()
    // A browser may hold a connection open for minutes.
    setTimeout(() => {
      server.closeAllConnections()
    }, 2000).unref()
  }
  process.on('SIGINT', stop)
  process.on('SIGTERM', stop)
}

function fail(error: unknown): void {
  console.error(error instanceof Error ? error.message : error)
  process.exitCode = 1
}

start().catch(fail)
