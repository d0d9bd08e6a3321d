import { createHash, createHmac, randomBytes, timingSafeEqual } from 'node:crypto'
import type { Request, Response } from 'express'
import { v4 } from 'uuid'
import { SessionRequired } from '../errors.js'
import { currentSessionId, requireSession } from '../http/session.js'
import { html, type Html } from '../pages/html.js'
import type { AdminSettings } from './options.js'

const WHO = 'adminRouter'

const SESSION_KEY = 'passport-ephemeral:admin'

/** The name of the hidden field; not one that the application's own token is likely to have. */
const CSRF_FIELD = 'page-token'

/**
 * The hidden fields of the forms of one page: the token that we check, and the one that the application's own middleware checks
 * before it lets the form through.
 *
 * @throws {SessionRequired} if there is no session
 */
export function tokenFields(req: Request, res: Response, settings: AdminSettings): Html {
  const own = settings.csrf(req, res)
  const fields = [{ name: CSRF_FIELD, value: csrfToken(req) }, ...(own === undefined ? [] : [own])]
  return html`${fields.map(({ name, value }) => html`<input type="hidden" name="${name}" value="${value}" />`)}`
}

/**
 * A token for the forms of one page. Its key is the session's, and ends with it. Each page has another token, so that what a
 * compressed page repeats of its address reveals nothing of it (BREACH).
 *
 * @throws {SessionRequired} if there is no session
 */
function csrfToken(req: Request): string {
  const key = requireKey(req)
  requireSession(req, WHO)[SESSION_KEY] ??= true // an empty session would not be stored
  const nonce = randomBytes(16).toString('base64url')
  return `${nonce}.${sign(key, 'form', nonce).toString('base64url')}`
}

/** Whether a posted form was shown to this session. */
export function hasCsrfToken(req: Request): boolean {
  const key = requireKey(req)
  const token: unknown = (req.body as Record<string, unknown> | undefined)?.[CSRF_FIELD]
  if (typeof token !== 'string') return false
  const [nonce = '', signature = ''] = token.split('.')
  const [expected, given] = [sign(key, 'form', nonce), Buffer.from(signature, 'base64url')]
  return given.length === expected.length && timingSafeEqual(given, expected)
}

/**
 * The key of the session. It comes from the session's id, which only the server and the browser have: parallel first pages agree on
 * it, and a renewed session has another one, whatever it keeps of the earlier one.
 */
function keyOf(req: Request): string | undefined {
  const id = currentSessionId(req)
  return id && createHash('sha256').update(`passport-ephemeral:admin\0${id}`).digest('base64url')
}

/** @throws {SessionRequired} if there is no session with an id: cookie-session's has none */
function requireKey(req: Request): string {
  const key = keyOf(req)
  if (key === undefined) throw new SessionRequired(WHO)
  return key
}

/**
 * A UUID that a posted form of ours makes again with the same values, and that no one can foretell: its key is the session's. The
 * form's token was checked before.
 */
export function formUuid(req: Request, values: readonly (string | undefined)[]): string {
  const body = req.body as Readonly<Record<string, unknown>>
  const [nonce] = String(body[CSRF_FIELD]).split('.')
  return v4({ random: sign(requireKey(req), 'uuid', JSON.stringify([nonce, ...values])).subarray(0, 16) })
}

/** The parameter of an address that tells what was done: no other client can make one for this session. */
export function outcomeMark(req: Request, outcome: 'sent' | 'yes'): string | undefined {
  const key = keyOf(req)
  return key && `${outcome}.${sign(key, 'outcome', outcome).toString('base64url')}`
}

/** @param purpose keeps what is signed for one use from being worth anything for another */
function sign(key: string, purpose: 'form' | 'outcome' | 'uuid', text: string): Buffer {
  return createHmac('sha256', key).update(`${purpose}\0${text}`).digest()
}
