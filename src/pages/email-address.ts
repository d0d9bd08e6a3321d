import { domainToASCII } from 'node:url'

/** What no person types into an address, and what mailers drop: controls and invisible characters. */
const INVISIBLE = /[\p{Cc}\p{Cf}\s]/u

/**
 * An e-mail address in one spelling, with its domain as mail servers look it up (UTS #46), so that what is limited by
 * address cannot be asked for under a thousand spellings of it; `undefined` if it is none.
 */
export function normalizeEmail(address: string): string | undefined {
  const at = address.lastIndexOf('@')
  const local = address.slice(0, Math.max(at, 0)).normalize('NFC')
  const domain = domainToASCII(address.slice(at + 1))
  if (local === '' || domain === '' || INVISIBLE.test(local)) return undefined
  return `${local}@${domain}`
}
