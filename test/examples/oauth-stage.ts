import { createServer, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import { createApp } from '../../examples/oauth/app.js'
import { exampleIdStrategy } from '../../examples/oauth/example-id.js'
import { defineModels, FederatedIdentity } from '../../examples/oauth/models.js'
import { createExampleId } from '../../examples/oauth/provider/example-id.js'
import type { Person } from '../../examples/oauth/provider/people.js'
import { openDatabase } from '../support/database.js'
import { Browser } from './oauth-browser.js'

/** The example and its provider, each on a port of its own. */
export interface Stage {
  readonly issuer: string
  readonly browser: (session?: string) => Browser
  /**
   * Has the next two sign-ins wait for each other once both have seen whose identity it is: both go on with what they saw.
   *
   * @returns when the first one waits
   */
  readonly gatherTwo: () => Promise<void>
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
  const meeting = new Meeting()
  FederatedIdentity.addHook('afterFind', () => meeting.arrive())
  const exampleId = await exampleIdStrategy(models, { issuer, ...client })
  server.on(
    'request',
    createApp({ models, exampleId, issuer, sessionSecret: 'session secret', proxies: 0, production: false }),
  )
  return {
    issuer,
    browser: (session) => new Browser(address, session),
    gatherTwo: () => meeting.expectTwo(),
    close: async () => {
      for (const each of [server, providerServer]) {
        each.closeAllConnections()
        await new Promise((resolve) => each.close(resolve))
      }
      await database.close()
    },
  }
}

/** Where the first of two waits for the second. */
class Meeting {
  private firstIsHere: (() => void) | undefined
  private letGo: (() => void) | undefined

  expectTwo(): Promise<void> {
    return new Promise((resolve) => (this.firstIsHere = resolve))
  }

  async arrive(): Promise<void> {
    const { firstIsHere, letGo } = this
    this.firstIsHere = this.letGo = undefined
    letGo?.()
    if (firstIsHere === undefined) return
    await new Promise<void>((resolve) => {
      this.letGo = resolve
      firstIsHere()
    })
  }
}

async function listen(server: Server): Promise<string> {
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  return `http://127.0.0.1:${String((server.address() as AddressInfo).port)}`
}
