import { Router } from 'express'
import { adminRouter } from 'passport-ephemeral/admin'
import type { Context } from '../app.js'
import { userOf } from '../current-user.js'
import { User } from '../models.js'
import { hashPassword } from '../password.js'

export const OPERATOR = 'operator'

/** The account that may see the operator's pages; created at the first start. */
export async function createOperator(password: string): Promise<void> {
  const account = { username: OPERATOR, passwordHash: await hashPassword(password), isOperator: true }
  await User.findOrCreate({ where: { username: OPERATOR }, defaults: account })
}

/** Where the link of a pass leads, by its scope. */
const PAGES: Readonly<Record<string, string>> = {
  REFERENCE_REQUEST: '/reference',
  INTERVIEW_PANEL: '/interview',
  GUIDE: '/guide',
}

/** The pages for the people who run the application: passes, guests, visits. */
export function operatorRoutes({ models: { Guest, Visitor, VisitorLog }, mailer }: Context): Router {
  return Router().use(
    '/admin',
    adminRouter({
      Guest,
      Visitor,
      VisitorLog,
      authorize: (req) => userOf(req)?.isOperator === true,
      linkUrl: ({ scope }) => PAGES[scope] ?? '/',
      send: ({ email, message }) => mailer.send({ to: { name: '', address: email }, ...message }),
      loginUrl: '/login',
    }),
  )
}
