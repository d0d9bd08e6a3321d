import { Body, Controller, Get, HttpCode, Post, Req, UseGuards } from '@nestjs/common'
import type { Request } from 'express'
import { ensureRegularUser, ensureVisitor } from 'passport-ephemeral'
import type { Visitor as Pass } from 'passport-ephemeral'
import { CurrentUser, CurrentVisitor, guard, guestGuard } from './ephemeral'
import { LoginGuard } from './login'
import { Note, User, Visitor } from './models'

@Controller()
export class AppController {
  /** Where a guest arrives who has left: it makes no guest. */
  @Get()
  home(): object {
    return { notes: '/notes' }
  }

  /** The first request of a person creates a guest. */
  @Get('notes')
  @UseGuards(guestGuard)
  async list(@CurrentUser() user: User): Promise<object> {
    const notes = await Note.findAll({ where: { userId: user.id }, order: ['id'] })
    return { userId: user.id, notes: notes.map(({ text }) => text) }
  }

  @Post('notes')
  @UseGuards(guestGuard)
  async add(@CurrentUser() user: User, @Body('text') text: unknown): Promise<object> {
    await Note.create({ userId: user.id, text: String(text).slice(0, 500) })
    return await this.list(user)
  }

  @Post('login')
  @UseGuards(LoginGuard)
  login(@CurrentUser() user: User): object {
    return { userId: user.id }
  }

  /** Of regular users: `guestLogout`, which stands before the controllers, answers guests. */
  @Post('logout')
  @HttpCode(204)
  async logout(@Req() req: Request): Promise<void> {
    await new Promise<void>((resolve, reject) => {
      req.logout((error?: Error) => (error ? reject(error) : resolve()))
    })
  }

  /** A link for a visitor. An application sends it by e-mail. */
  @Post('invitations')
  @UseGuards(guard(ensureRegularUser))
  async invite(@Body('email') email: unknown): Promise<object> {
    const pass = await Visitor.create({ email: String(email), scope: 'REFERENCE_REQUEST' })
    return { link: pass.tokenise('/reference') }
  }

  @Get('reference')
  @UseGuards(guard(ensureVisitor('REFERENCE_REQUEST')))
  reference(@CurrentVisitor() visitor: Pass): object {
    return { email: visitor.email }
  }

  @Get('interview')
  @UseGuards(guard(ensureVisitor('INTERVIEW')))
  interview(@CurrentVisitor() visitor: Pass): object {
    return { email: visitor.email }
  }
}
