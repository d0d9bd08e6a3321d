import { randomBytes } from 'node:crypto'
import { createServer, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import { createApp } from './app.js'
import { openDatabase } from './database.js'
import { exampleIdStrategy, type ExampleIdSettings } from './example-id.js'
import { defineModels } from './models.js'
import { createExampleId } from './provider/example-id.js'
import { PEOPLE } from './provider/people.js'

const { env } = process

async function start(): Promise<void> {
  const database = await openDatabase(env['DATABASE_URL'])
  const [server, providerServer] = [createServer(), createServer()]
  stopOnSignals([server, providerServer], database.close)

  const models = defineModels(database.sequelize)
  await database.sequelize.sync() // enough for a demo; use migrations in your application
  const address = await listen(server, Number(env['PORT'] ?? 3000), 'localhost')
  const callbackUrl = `${env['PUBLIC_URL'] ?? address}/sign-in/callback`
  const settings = readProvider(callbackUrl) ?? (await startProvider(providerServer, callbackUrl))

  const exampleId = await exampleIdStrategy(models, settings)
  const { issuer } = settings
  const proxies = Number(env['TRUST_PROXY'] ?? 0)
  const production = env['NODE_ENV'] === 'production'
  const sessionSecret = env['SESSION_SECRET'] ?? randomBytes(32).toString('base64url')
  server.on('request', createApp({ models, exampleId, issuer, sessionSecret, proxies, production }))
  console.log(`Notes listens on ${address}, Example ID is ${issuer}`)
}

/** The external provider, if the environment names one. */
function readProvider(callbackUrl: string): ExampleIdSettings | undefined {
  const { OIDC_ISSUER: issuer, OIDC_CLIENT_ID: clientId, OIDC_CLIENT_SECRET: clientSecret } = env
  if (issuer === undefined) return undefined
  if (clientId === undefined || clientSecret === undefined)
    throw new Error('Set OIDC_CLIENT_ID and OIDC_CLIENT_SECRET too: the provider gives them to you')
  return { issuer, clientId, clientSecret, callbackUrl }
}

/**
 * Starts a provider in this process. Its host name differs from the application's, so that the two do not share
 * cookies.
 */
async function startProvider(server: Server, callbackUrl: string): Promise<ExampleIdSettings> {
  const issuer = await listen(server, 0, '127.0.0.1')
  const client = { clientId: 'notes', clientSecret: randomBytes(32).toString('base64url'), callbackUrl }
  server.on('request', createExampleId(issuer, client, PEOPLE))
  return { issuer, ...client }
}

async function listen(server: Server, port: number, host: string): Promise<string> {
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject)
    server.listen(port, host, resolve)
  })
  return `http://${host}:${(server.address() as AddressInfo).port}`
}

function stopOnSignals(servers: readonly Server[], close: () => Promise<void>): void {
  const stop = (): void => {
    for (const server of servers) {
      server.close()
      server.closeAllConnections()
    }
    close().catch(fail)
  }
  process.once('SIGINT', stop)
  process.once('SIGTERM', stop)
}

function fail(error: unknown): void {
  console.error(error instanceof Error ? error.message : error)
  process.exitCode = 1
}

start().catch((error: unknown) => {
  fail(error)
  process.exit()
})
