// Modules that the pages name and that this package does not install. Their own parts of a block are not checked.
declare module 'morgan' {
  import type { IncomingMessage } from 'node:http'
  import type { Request } from 'express'
  const morgan: {
    token: (name: string, value: (req: Request & IncomingMessage) => string | undefined) => void
  }
  export default morgan
}
declare module 'pino-http' {
  export function pinoHttp(options: {
    serializers: { req: (req: { url: string; headers: { referer?: string } }) => object }
  }): void
}
declare module 'csrf-csrf' {
  import type { Request, RequestHandler } from 'express'
  export function doubleCsrf(options: {
    getSecret: () => string
    getSessionIdentifier: (req: Request) => string
  }): { readonly doubleCsrfProtection: RequestHandler }
}
declare module 'express-rate-limit' {
  export class MemoryStore {
    init(options: { windowMs: number; limit: number }): void
    increment(key: string): Promise<{ totalHits: number; resetTime: Date | undefined }>
  }
}
declare module 'graphile-worker' {
  interface Helpers {
    readonly logger: { readonly info: (line: string) => void }
    readonly abortSignal: AbortSignal
  }
  export function run(options: {
    connectionString: string | undefined
    crontab: string
    taskList: Record<string, (payload: unknown, helpers: Helpers) => Promise<void>>
  }): Promise<void>
}
declare module 'sequelize-typescript' {
  import { Model as BaseModel, Sequelize as BaseSequelize, type DataTypes, type ModelStatic } from 'sequelize'
  export class Model extends BaseModel {}
  export class Sequelize extends BaseSequelize {
    constructor(options: { dialect: 'postgres'; models: readonly ModelStatic<Model>[] })
  }
  export const DataType: typeof DataTypes
  export const Table: (target: unknown) => void
  export const Unique: PropertyDecorator
  export const Column: (type: unknown) => PropertyDecorator
  export const HasMany: (
    model: () => ModelStatic<Model>,
    options: { onDelete: 'CASCADE' },
  ) => PropertyDecorator
}
declare module '@nestjs/common' {
  export interface ArgumentsHost {
    switchToHttp: () => { getRequest: <T>() => T; getResponse: <T>() => T; getNext: <T>() => T }
  }
  export type ExecutionContext = ArgumentsHost
  export interface CanActivate {
    canActivate: (context: ExecutionContext) => Promise<boolean>
  }
  export interface ExceptionFilter {
    catch: (error: never, host: ArgumentsHost) => void
  }
  export const Catch: (type: unknown) => (target: unknown) => void
  export const UnauthorizedException: new () => Error
  export const createParamDecorator: (
    factory: (data: unknown, context: ExecutionContext) => unknown,
  ) => () => ParameterDecorator
}
