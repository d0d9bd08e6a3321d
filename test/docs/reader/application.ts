/// <reference path="./modules.d.ts" />
import type { ExceptionFilter, ExecutionContext } from '@nestjs/common'
import type { Express, Request, RequestHandler, Response } from 'express'
import type {
  EphemeralError,
  GuestModel,
  SendLink,
  Visitor as Pass,
  VisitorLog as Visits,
  VisitorModel,
} from 'passport-ephemeral'
import type PgBoss from 'pg-boss'
import type { RedisClientType } from 'redis'
import {
  Model,
  type CreationOptional,
  type InferAttributes,
  type InferCreationAttributes,
  type ModelStatic,
  type Sequelize,
} from 'sequelize'
import express from 'express'
import passport from 'passport'
import session, { type SessionOptions } from 'express-session'

// The reader's application, for blocks of the pages that are compiled and not run. A block sees what it does not declare.

export { express, passport, session }
export { Op } from 'sequelize'
export type { ErrorRequestHandler, Request, RequestHandler, Response } from 'express'

interface UserModel extends Model<InferAttributes<UserModel>, InferCreationAttributes<UserModel>> {
  id: CreationOptional<number>
  username: string
  email: CreationOptional<string | null>
  passwordHash: CreationOptional<string | null>
  password: CreationOptional<string>
  points: CreationOptional<number>
  emailVerifiedAt: CreationOptional<Date | null>
  isStaff: CreationOptional<boolean>
}
interface IdentityModel extends Model<
  InferAttributes<IdentityModel>,
  InferCreationAttributes<IdentityModel>
> {
  issuer: string
  subject: string
  userId: number
  user: CreationOptional<UserModel>
}
export interface Todo extends Model<InferAttributes<Todo>, InferCreationAttributes<Todo>> {
  done: boolean
}
interface RowModel extends Model {
  readonly id: number
}

declare global {
  // eslint-disable-next-line @typescript-eslint/no-namespace -- Passport's types are merged with this one
  namespace Express {
    interface User extends UserModel {
      readonly language?: string
    }
  }
}

export declare const app: Express
export declare const createApp: () => Express
export declare const sequelize: Sequelize
export declare const User: ModelStatic<UserModel>
export declare const Guest: GuestModel<UserModel>
export declare const Visitor: VisitorModel
export declare const VisitorLog: typeof Visits
export declare const FederatedIdentity: ModelStatic<IdentityModel>
export declare const List: ModelStatic<RowModel>
export declare const pass: Pass
export declare const reference: Model & RequestHandler
export declare const req: Request
export declare const res: Response
export declare const error: EphemeralError
export declare const server: import('node:http').Server
export declare const boss: PgBoss
export declare const redis: RedisClientType
export declare const store: session.Store
export declare const send: SendLink
export declare const hashPassword: (password: string) => Promise<string>
export declare const hash: (password: string) => Promise<string>
export declare const addTask: RequestHandler
export declare const api: RequestHandler
export declare const avatars: Set<number>
export declare const provider: object
export declare const mailer: { readonly sendMail: (mail: object) => Promise<void> }
interface Logger {
  readonly info: (...details: readonly unknown[]) => void
  readonly warn: (...details: readonly unknown[]) => void
  readonly error: (...details: readonly unknown[]) => void
}
export declare const logger: Logger
export declare const audit: Logger

// Browsers, and Playwright's.
export declare const browser: { readonly newContext: (options: { userAgent: string }) => Promise<object> }
export declare const confirm: (question: string) => boolean
export declare const location: { readonly assign: (address: string) => void }

// openid-client's strategy.
export interface Tokens {
  readonly claims: () => { readonly iss: string; readonly sub: string; readonly preferred_username: string }
}
export type DoneCallback = (error: Error | null, user?: Express.User) => void
export declare const OidcStrategy: new (
  options: object,
  verify: (req: Request, tokens: Tokens, done: DoneCallback) => Promise<void>,
) => passport.Strategy

// passport-oauth2's strategy.
export interface OAuth2Profile {
  readonly id: string
}
export declare const accountFor: (req: Request, profile: OAuth2Profile) => Promise<Express.User>
export declare const OAuth2Strategy: new (
  options: object,
  verify: (
    req: Request,
    accessToken: string,
    refreshToken: string,
    profile: OAuth2Profile,
    done: DoneCallback,
  ) => void,
) => passport.Strategy

// sequelize-typescript's options, and a model.
export declare const connection: { readonly dialect: 'postgres' }
export declare class Task extends Model {}

// Socket.IO.
interface Socket {
  readonly request: import('node:http').IncomingMessage & Request
  readonly join: (room: string) => void
}
interface Namespace {
  readonly use: (middleware: (socket: Socket, next: (error?: Error) => void) => void) => void
}
export declare const io: {
  readonly engine: { readonly use: (middleware: unknown) => void }
  readonly of: (path: string) => Namespace
  readonly on: (event: 'connection', listener: (socket: Socket) => void) => void
  readonly in: (room: string) => { readonly disconnectSockets: () => void }
}

// NestJS, and examples/nestjs/src/ephemeral.ts.
export interface NestExpressApplication {
  readonly use: (...handlers: readonly unknown[]) => void
  readonly useGlobalFilters: (filter: ExceptionFilter) => void
  readonly init: () => Promise<unknown>
  readonly getHttpAdapter: () => { readonly getInstance: () => Express }
}
export declare const createNestApp: () => Promise<NestExpressApplication>
export declare const NestFactory: { readonly create: <Host>(module: unknown) => Promise<Host> }
export declare const AppModule: object
export declare const EphemeralFilter: new () => ExceptionFilter
export declare const sessionOptions: SessionOptions
export declare const Controller: () => (target: unknown) => void
export declare const Get: (path: string) => MethodDecorator
export declare const UseGuards: (...guards: readonly unknown[]) => MethodDecorator
export declare const CurrentUser: () => ParameterDecorator
export declare const CurrentVisitor: () => ParameterDecorator
export declare const guard: (middleware: RequestHandler) => unknown
export declare const guestGuard: unknown
export declare class NestGuard {
  canActivate(context: ExecutionContext): unknown
  logIn(request: Request): Promise<void>
}
export declare const AuthGuard: (name: string) => typeof NestGuard
export type { ExecutionContext } from '@nestjs/common'
