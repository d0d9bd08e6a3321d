import { createServer, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import { createApp } from './app.js'
import { openDatabase } from './database.js'
import { openPostOffice } from './mail/post-office.js'
import { defineModels } from './models.js'
import { createOperator } from './routes/operator.js'
import { readSecrets, readSettings } from './settings.js'
import { createTables } from './tables.js'

async function start(): Promise<void> {
  const settings = readSettings()
  const database = await openDatabase(settings)
  const opened: { close: () => Promise<void> }[] = [database]
  const closeAll = async (): Promise<void> => {
    for (const { close } of opened.splice(0).reverse()) await close()
  }
  const server = createServer()
  stopOnSignals(server, closeAll)
  try {
    const { mailer, inbox, close } = await openPostOffice(settings)
    opened.push({ close })
    const secrets = await readSecrets(settings)
    const models = defineModels(database.sequelize, { visitorSecret: secrets.visitor })
    await createTables(database.sequelize, models)
    if (settings.operatorPassword !== undefined) await createOperator(settings.operatorPassword)

    // With PORT=0 the address is known only now; the links in the e-mails need it.
    const address = await listen(server, settings.port, settings.host)
    const publicUrl = settings.publicUrl ?? address
    const context = { sequelize: database.sequelize, models, publicUrl, mailer, inbox }
    server.on('request', createApp(context, settings, secrets))
    console.log(`References listens on ${address}`)
  } catch (error) {
    await closeAll()
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

/** Lets running requests finish, then closes the mail server and the database, and unlocks its folder. */
function stopOnSignals(server: Server, closeAll: () => Promise<void>): void {
  let stopping = false
  const stop = (): void => {
    if (stopping) return
    stopping = true
    server.close(() => {
      closeAll().catch(fail)
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
