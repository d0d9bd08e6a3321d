import { createServer, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import { createApp } from '../../examples/oauth/app.js'
import { exampleIdStrategy } from '../../examples/oauth/example-id.js'
import { defineModels, FederatedIdentity } from '../../examples/oauth/models.js'
import { createExampleId } from '../../examples/oauth/provider/example-id.js'
import type { Person } from '../../examples/oauth/provider/people.js'
import { openDatabase } from '../support/database.js'
import { Browser } from './oauth-browser.js'

/** The example and its provider, each on its own port. */
export interface Stage {
  readonly issuer: string
  readonly browser: (session?: string) => Browser
  /**
   * Makes the next two sign-ins wait for each other after they have read the identity, so that both continue with the
   * same result.
   *
   * @returns a promise that resolves when the first one waits
   */
  readonly synchronizeTwo: () => Promise<void>
  readonly close: () => Promise<void>
}

export async function startStage(people: readonly Person[]): Promise<Stage> {
  const database = await openDatabase()
  const models = defineModels(database.sequelize)
  await database.sequelize.sync()
  const [server, providerServer] = [createServer(), createServer()]
  const [address, issuer] = [await listen(server), await listen(providerServer)]

  const client = {
    clientId: 'notes',
    clientSecret: 's'.repeat(40),
    callbackUrl: `${address}/sign-in/callback`,
  }
  providerServer.on('request', createExampleId(issuer, client, people))
  const barrier = new Barrier()
  FederatedIdentity.addHook('afterFind', () => barrier.arrive())
  const exampleId = await exampleIdStrategy(models, { issuer, ...client })
  server.on(
    'request',
    createApp({ models, exampleId, issuer, sessionSecret: 'session secret', proxies: 0, production: false }),
  )
  return {
    issuer,
    browser: (session) => new Browser(address, session),
    synchronizeTwo: () => barrier.expectTwo(),
    close: async () => {
      for (const each of [server, providerServer]) {
        each.closeAllConnections()
        await new Promise((resolve) => each.close(resolve))
      }
      await database.close()
    },
  }
}

/** Makes the first of two callers wait for the second. */
class Barrier {
  private firstIsHere: (() => void) | undefined
  private release: (() => void) | undefined

  expectTwo(): Promise<void> {
    return new Promise((resolve) => (this.firstIsHere = resolve))
  }

  async arrive(): Promise<void> {
    const { firstIsHere, release } = this
    this.firstIsHere = this.release = undefined
    release?.()
    if (firstIsHere === undefined) return
    await new Promise<void>((resolve) => {
      this.release = resolve
      firstIsHere()
    })
  }
}

async function listen(server: Server): Promise<string> {
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  return `http://127.0.0.1:${String((server.address() as AddressInfo).port)}`
}
