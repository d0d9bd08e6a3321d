import { html, type Html } from '../../pages/html.js'
import { visitorSettings, type Visitor } from '../../visitor/visitor.js'
import type { AdminRequest } from '../admin-request.js'
import { showNotice } from '../layout.js'

const DAY = 24 * 60 * 60 // seconds
const MOST_DAYS = 3650

/** For how long a link can be made to open, in seconds from now on. */
export const LONGEST_TIME = MOST_DAYS * DAY

/** The field for a number of days. */
export function daysField(Passes: typeof Visitor, id: string, label: string): Html {
  return html`<div>
    <label for="${id}">${label}</label>
    <input
      id="${id}"
      name="days"
      type="number"
      min="1"
      max="${MOST_DAYS}"
      value="${usualDays(Passes)}"
      required
    />
  </div>`
}

/** The hidden field that names until when a link opens, as the page shows it: extending begins there. */
export function untilField(pass: Visitor): Html {
  return html`<input type="hidden" name="${nameOfUntil(pass)}" value="${pass.expiresAt.getTime()}" />`
}

/** What {@link untilField} has named in a posted form. */
export function shownUntil(form: Readonly<Record<string, unknown>>, pass: Visitor): number | undefined {
  const text = form[nameOfUntil(pass)]
  return typeof text === 'string' && /^\d{1,15}$/.test(text) ? Number(text) : undefined
}

function nameOfUntil({ id }: Visitor): string {
  return `until-${String(id)}`
}

/** How long links of this model open, in whole days. */
export function usualDays(Passes: typeof Visitor): number {
  return Math.min(Math.max(Math.ceil(Passes[visitorSettings].tokenExpiry / DAY), 1), MOST_DAYS)
}

/** The seconds that were asked for by a number of days; `undefined` if it is none that the field allows. */
export function secondsOf(days: unknown): number | undefined {
  const number = typeof days === 'string' && /^\d{1,4}$/.test(days.trim()) ? Number(days) : 0
  return number >= 1 && number <= MOST_DAYS ? number * DAY : undefined
}

/** The same of the posted form; if there is no such number, the request was answered. */
export async function requireSeconds(request: AdminRequest): Promise<number | undefined> {
  const seconds = secondsOf(request.form()['days'])
  if (seconds === undefined) await showNotice(request, 422, 'noDays')
  return seconds
}
