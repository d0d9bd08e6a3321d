import { isGuest, isRegularUser } from 'passport-ephemeral'
import { Strategy } from 'passport-oauth2'
import { Guest, Identity, sequelize } from './models.js'

const PROVIDER = 'example-id'

/** passport-oauth2's strategy for one provider, as passport-google-oauth20 and passport-github2 are for others. */
class ExampleIdStrategy extends Strategy {
  name = PROVIDER

  constructor({ issuer, ...options }, verify) {
    super({ authorizationURL: `${issuer}/authorize`, tokenURL: `${issuer}/token`, ...options }, verify)
    this.profileUrl = `${issuer}/userinfo`
  }

  userProfile(accessToken, done) {
    this._oauth2.useAuthorizationHeaderforGET(true)
    this._oauth2.get(this.profileUrl, accessToken, (error, body) => {
      if (error) return done(new Error('Example ID sent no profile', { cause: error }))
      const { sub, username } = JSON.parse(body)
      done(null, { id: sub, username })
    })
  }
}

/** `settings`: issuer, clientID, clientSecret and callbackURL. */
export function exampleId(settings) {
  const options = { state: true, pkce: true, passReqToCallback: true } // a sign-in ends in the browser that began it
  return new ExampleIdStrategy(
    { ...settings, ...options },
    (req, _accessToken, _refreshToken, profile, done) => {
      accountFor(req, profile).then((user) => done(null, user), done)
    },
  )
}

/**
 * The user to log in. The provider's account is found by its id, never by an e-mail address. If it is new here, it becomes
 * a way to sign in of the regular user who is logged in, or else of the guest, who becomes a regular user.
 */
async function accountFor(req, { id: subject, username }) {
  const identity = await Identity.findOne({ where: { provider: PROVIDER, subject }, include: 'user' })
  if (identity) return identity.user // mergeGuest moves a guest's rows to it

  return await sequelize.transaction(async (transaction) => {
    const user = isRegularUser(req) ? req.user : await makeRegular(req, username, transaction)
    await Identity.create({ provider: PROVIDER, subject, userId: user.id }, { transaction })
    return user
  })
}

async function makeRegular(req, username, transaction) {
  const guest = isGuest(req) ? req.user : await Guest.createGuestUser({ transaction })
  return await Guest.convert(guest, { username }, { transaction, findFreeUsername: true })
}
