// Only compiled: TypeScript that becomes CommonJS finds the types too.
import { ensureGuest, type EnsureGuestOptions } from 'passport-ephemeral'
import { migrationsFor } from 'passport-ephemeral/migrations'
import type { RequestHandler } from 'express'

const options: EnsureGuestOptions = { loginUrl: '/login' }
export const guards: RequestHandler[] = [ensureGuest, ensureGuest(options)]
export { migrationsFor }
