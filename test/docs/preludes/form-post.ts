import passport from 'passport'
import { mergeGuest } from 'passport-ephemeral'
import { Strategy } from 'passport-strategy'
import type { Request } from 'express'
import { app, Guest, User } from '../guests-application.js'

export { default as express } from 'express'
export { app, Guest, passport, User }

/** A provider whose strategy keeps `state` in the session, as passport-oauth2's does. */
class AppleStrategy extends Strategy {
  readonly name = 'apple'

  override authenticate(req: Request): void {
    const { code, state } = { ...(req.body as object), ...req.query } as Readonly<Record<string, string>>
    if (code === undefined) {
      Object.assign(req.session, { state: 'the state' })
      this.redirect('https://provider.example/')
      return
    }
    if (state === undefined || state !== (req.session as { state?: string }).state) {
      this.fail('Unable to verify authorization request state.', 403)
      return
    }
    User.findOne({ where: { username: code }, rejectOnEmpty: true }).then(
      (user) => {
        this.success(user)
      },
      (error: unknown) => {
        this.error(error as Error)
      },
    )
  }
}
passport.use(new AppleStrategy())
app.use(mergeGuest({ Guest }))
