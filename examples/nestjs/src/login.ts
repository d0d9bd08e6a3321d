import { Injectable, UnauthorizedException, type ExecutionContext } from '@nestjs/common'
import { AuthGuard, PassportStrategy } from '@nestjs/passport'
import { verify } from '@node-rs/argon2'
import type { Request } from 'express'
import { Strategy } from 'passport-local'
import { User } from './models'

@Injectable()
export class LocalStrategy extends PassportStrategy(Strategy) {
  async validate(username: string, password: string): Promise<User> {
    const user = await User.findOne({ where: { username } })
    if (user?.password && (await verify(user.password, password))) return user
    throw new UnauthorizedException()
  }
}

/** Logs in with a session. `mergeGuest` moves a guest's rows to the account meanwhile. */
@Injectable()
export class LoginGuard extends AuthGuard('local') {
  override async canActivate(context: ExecutionContext): Promise<boolean> {
    await super.canActivate(context)
    await super.logIn(context.switchToHttp().getRequest<Request>())
    return true
  }
}
