import { generateKeyPairSync, randomBytes } from 'node:crypto'
import express, { type Application } from 'express'
import Provider, { type Configuration } from 'oidc-provider'
import { choosePersonPage } from './choose-person.js'
import type { Person } from './people.js'

/** The application's registration at the provider. */
export interface RegisteredClient {
  readonly clientId: string
  readonly clientSecret: string
  readonly callbackUrl: string
}

/**
 * Example ID: a real OpenID Connect provider (oidc-provider) that asks for no password. It loses all data when it
 * stops.
 */
export function createExampleId(
  issuer: string,
  client: RegisteredClient,
  people: readonly Person[],
): Application {
  const provider = new Provider(issuer, configure(client, people))
  const app = express()

  app.get('/interaction/:uid', (_req, res) => {
    res.send(choosePersonPage(people))
  })
  app.post('/interaction/:uid', express.urlencoded({ extended: false }), async (req, res) => {
    const { sub } = req.body as { sub?: unknown }
    const person = people.find((candidate) => candidate.sub === sub)
    const answer =
      person === undefined
        ? { error: 'access_denied', error_description: 'The user cancelled' }
        : { login: { accountId: person.sub } }
    await provider.interactionFinished(req, res, answer)
  })
  app.use(provider.callback())
  return app
}

function configure(client: RegisteredClient, people: readonly Person[]): Configuration {
  const { privateKey } = generateKeyPairSync('rsa', { modulusLength: 2048 })
  return {
    clients: [
      {
        client_id: client.clientId,
        client_secret: client.clientSecret,
        redirect_uris: [client.callbackUrl],
      },
    ],
    claims: {
      openid: ['sub'],
      profile: ['preferred_username'],
      email: ['email', 'email_verified'],
    },
    pkce: { required: () => true },
    jwks: { keys: [{ ...privateKey.export({ format: 'jwk' }), use: 'sig', alg: 'RS256' }] },
    cookies: { keys: [randomBytes(32).toString('base64url')] },
    features: { devInteractions: { enabled: false } },
    ttl: { Interaction: 3600, Session: 3600, Grant: 3600, AccessToken: 600, IdToken: 600 }, // seconds
    interactions: { url: (_ctx, { uid }) => `/interaction/${uid}` },
    findAccount: (_ctx, sub) => {
      const person = people.find((candidate) => candidate.sub === sub)
      return person && { accountId: sub, claims: () => ({ ...person }) }
    },
    // The page to choose a person is also the consent, so there is no second page.
    loadExistingGrant: async ({ oidc }) => {
      const { client: asking, session, provider } = oidc
      if (asking === undefined || session?.accountId === undefined) return undefined
      const grant = new provider.Grant({ clientId: asking.clientId, accountId: session.accountId })
      grant.addOIDCScope('openid profile email')
      await grant.save()
      return grant
    },
  }
}
