import type { Request } from 'express'
import {
  allowInsecureRequests,
  discovery,
  fetchUserInfo,
  randomNonce,
  randomState,
  type Configuration,
  type UserInfoResponse,
} from 'openid-client'
import { Strategy, type AuthenticateOptions, type VerifyFunctionWithRequest } from 'openid-client/passport'
import { isGuest } from 'passport-ephemeral'
import { accountFor, type Profile } from './account-for.js'
import { USERNAME_LENGTH, User, type Models } from './models.js'

export interface ExampleIdSettings {
  readonly issuer: string
  readonly clientId: string
  readonly clientSecret: string
  /** The address of the callback. Configured, never taken from a request, whose sender chooses the `Host` header. */
  readonly callbackUrl: string
}

/** Creates the strategy `example-id`, which discovers the provider's endpoints. */
export async function exampleIdStrategy(models: Models, settings: ExampleIdSettings): Promise<Strategy> {
  const config = await discover(settings)

  async function whoIs(req: Request, tokens: Parameters<VerifyFunctionWithRequest>[1]): Promise<User> {
    const claims = tokens.claims()
    if (claims === undefined) throw new Error('Example ID sent no ID token')
    const person = await fetchUserInfo(config, tokens.access_token, claims.sub)
    const present = req.user instanceof User ? { user: req.user, isGuest: isGuest(req) } : undefined
    return await accountFor(models, profileOf(claims.iss, person), present)
  }

  return new ExampleIdStrategy(
    {
      name: 'example-id',
      sessionKey: 'example-id',
      config,
      callbackURL: settings.callbackUrl,
      scope: 'openid profile email',
      passReqToCallback: true,
    },
    (req, tokens, verified) => {
      whoIs(req, tokens)
        .then((user) => {
          verified(null, user)
        })
        .catch(verified)
    },
  )
}

/** openid-client's strategy, which uses PKCE always; `state` and `nonce` only where a provider has no PKCE. */
class ExampleIdStrategy extends Strategy {
  override authorizationRequestParams(req: Request, options: AuthenticateOptions): URLSearchParams {
    const params = new URLSearchParams(super.authorizationRequestParams(req, options))
    params.set('state', randomState())
    params.set('nonce', randomNonce())
    return params
  }

  /** Only by the application's own form, which other sites cannot post. They could use a link. */
  override shouldInitiateAuthRequest(req: Request): boolean {
    return req.method === 'POST'
  }
}

async function discover({ issuer, clientId, clientSecret }: ExampleIdSettings): Promise<Configuration> {
  const url = new URL(issuer)
  // Over plain HTTP an attacker in the network could act as the provider. Only the local machine is safe.
  const isThisMachine = ['127.0.0.1', '[::1]', 'localhost'].includes(url.hostname)
  // eslint-disable-next-line @typescript-eslint/no-deprecated -- marked as deprecated only as a warning
  const execute = isThisMachine ? [allowInsecureRequests] : []
  return await discovery(url, clientId, clientSecret, undefined, { execute })
}

function profileOf(issuer: string, person: UserInfoResponse): Profile {
  return { issuer, subject: person.sub, username: usernameOf(person), email: verifiedEmailOf(person) }
}

/** Profile names are user input. The e-mail address is not used as a username, because that would disclose it. */
function usernameOf({ preferred_username, nickname, given_name }: UserInfoResponse): string {
  const [wanted = ''] = [preferred_username, nickname, given_name].filter((name) => typeof name === 'string')
  const usable = wanted.normalize('NFKC').replace(/[^\p{L}\p{N}._-]/gu, '')
  return Array.from(usable).slice(0, USERNAME_LENGTH).join('') || 'user'
}

/** Only `true` counts; check the values of your own provider. */
function verifiedEmailOf({ email, email_verified }: UserInfoResponse): string | undefined {
  if (email_verified !== true || typeof email !== 'string') return undefined
  return email.length <= 254 && /^[^\s@]+@[^\s@]+$/.test(email) ? email.toLowerCase() : undefined
}
