import { durationIn } from '../pages/context.js'
import { html, type Html } from '../pages/html.js'

/** Numbers and times for people, in one language; times are in UTC. */
export interface Format {
  readonly count: (value: number) => string
  readonly percent: (rate: number) => string
  /** An instant, to the minute. */
  readonly time: (instant: Date | null, otherwise?: string) => Html
  /** A day, given as `2026-11-24`. */
  readonly day: (text: string) => Html
  /** How long ago, in minutes, hours or days. */
  readonly age: (since: Date) => string
  /** A whole number of days. */
  readonly days: (days: number) => string
}

/** In seconds. */
const HOUR = 60 * 60
const DAY = 24 * HOUR

const formats = new Map<string, Format>()

/** What {@link Format} tells, for a language of which there are words. */
export function formatIn(lang: string): Format {
  const known = formats.get(lang)
  if (known !== undefined) return known
  const numbers = new Intl.NumberFormat(lang)
  const percents = new Intl.NumberFormat(lang, { style: 'percent', maximumFractionDigits: 1 })
  const times = new Intl.DateTimeFormat(lang, { dateStyle: 'medium', timeStyle: 'short', timeZone: 'UTC' })
  const days = new Intl.DateTimeFormat(lang, { day: 'numeric', month: 'short', timeZone: 'UTC' })
  const format: Format = {
    count: (value) => numbers.format(value),
    percent: (rate) => percents.format(rate),
    time(instant, otherwise = '') {
      if (instant === null || Number.isNaN(instant.getTime())) return html`${otherwise}`
      return html`<time datetime="${instant.toISOString()}">${times.format(instant)}</time>`
    },
    day: (text) => html`<time datetime="${text}">${days.format(new Date(text))}</time>`,
    age(since) {
      const seconds = Math.max(Date.now() - since.getTime(), 0) / 1000
      const unit = seconds < HOUR ? 1 : seconds < 2 * DAY ? HOUR : DAY
      return durationIn(lang, Math.floor(seconds / unit) * unit)
    },
    days: (howMany) => durationIn(lang, howMany * DAY),
  }
  formats.set(lang, format)
  return format
}
