import type { StandardSchemaV1 } from '@standard-schema/spec'
import { domainToASCII, domainToUnicode } from 'node:url'
import { en } from './messages/en.js'
import { showProblem, type Problem } from './problem.js'

/** What a person typed, as it is stored; or what is wrong with it. */
export type Judgement =
  { readonly value: string; readonly problem?: never } | { readonly problem: Problem; readonly value?: never }

const REQUIRED: Judgement = { problem: { code: 'required' } }
const NO_ADDRESS: Judgement = { problem: { code: 'noAddress' } }

export function tooLong(limit: number): Judgement {
  return { problem: { code: 'tooLong', limit } }
}

/** The longest address that SMTP can carry (RFC 5321 §4.5.3.1.3). */
export const LONGEST_ADDRESS = 254

/**
 * Characters that no reader sees or can tell apart: controls, joiners, variation selectors, private and unassigned
 * ones, the blank Braille pattern, and what stands for a character that could not be read.
 */
const INVISIBLE = /[\p{Cc}\p{Cf}\p{Cn}\p{Co}\p{Default_Ignorable_Code_Point}\p{Zl}\p{Zp}\u2800\ufffc\ufffd]/u

/** Commas, brackets and the like would make an address several, or another one, in the header of a message. */
const LOCAL_PART = /^[^\s@<>",;:\\()[\].]+(?:\.[^\s@<>",;:\\()[\].]+)*$/u

/** Characters at which the parser of URLs, which maps the domain, would cut it off or decode it. */
const NOT_IN_A_DOMAIN = /[\s@<>",;:\\()[\]/?#%|^`{}]/u

/** Letters, digits and hyphens (RFC 5321 §4.1.2). The last label is no number: that would be an IP address. */
const DOMAIN = /^(?:[a-z\d](?:[a-z\d-]{0,61}[a-z\d])?\.)*(?!\d+$)[a-z\d](?:[a-z\d-]{0,61}[a-z\d])?$/

/**
 * Judges an e-mail address for every form: one spelling of one mailbox, with its domain as mail servers look it up
 * (UTS #46), so that what is limited by address cannot be asked for under a thousand spellings of it.
 *
 * The length is judged before anything else. Mapping a domain takes time that grows with the square of its length.
 */
export function judgeEmail(typed: string, longest = LONGEST_ADDRESS): Judgement {
  const address = typed.trim()
  if (address === '') return REQUIRED
  if (address.length > longest) return tooLong(longest)
  const at = address.lastIndexOf('@')
  const local = address.slice(0, Math.max(at, 0)).normalize('NFC')
  const domain = address.slice(at + 1)
  if (!LOCAL_PART.test(local) || INVISIBLE.test(local)) return NO_ADDRESS
  const ascii = NOT_IN_A_DOMAIN.test(domain) ? '' : domainToASCII(domain)
  if (!DOMAIN.test(ascii)) return NO_ADDRESS
  const value = `${local}@${ascii}`
  // Both can have grown; addresses are compared in small letters, of which a capital may need several.
  const { length } = value.length < value.toLowerCase().length ? value.toLowerCase() : value
  return length > longest ? tooLong(longest) : { value }
}

/**
 * The spellings in which an application can have stored an address: as it was typed, with its domain in ASCII or in Unicode, and with
 * the letters of the mailbox composed or decomposed.
 */
export function spellingsOf(email: string): readonly string[] {
  const typed = email.trim()
  const { value } = judgeEmail(typed)
  if (value === undefined) return [typed]
  const at = value.lastIndexOf('@')
  const domain = value.slice(at + 1)
  const mailboxes = ['NFC', 'NFD'].map((form) => value.slice(0, at).normalize(form))
  const spellings = mailboxes.flatMap((mailbox) =>
    [domain, domainToUnicode(domain)].map((each) => `${mailbox}@${each}`),
  )
  return [...new Set([...spellings, typed])]
}

/** Judges a username, or another name by which a program knows something: one spelling (NFC), and no invisible characters, by which two names could look alike. */
export function judgeUsername(typed: string, longest: number): Judgement {
  const judged = judgeLine(typed, longest, (text) => text.normalize('NFC').replace(/\s+/gu, ' '))
  return judged.value !== undefined && INVISIBLE.test(judged.value)
    ? { problem: { code: 'invisible' } }
    : judged
}

/** Judges the name of a person. It goes into a message: no line breaks, other controls, or marks that turn text around. */
export function judgePersonName(typed: string, longest: number): Judgement {
  return judgeLine(typed, longest, (text) =>
    text.replace(/[\p{Cc}\u2028\u2029\u200e\u200f\u202a-\u202e\u2066-\u2069]+/gu, ' '),
  )
}

/** Normalizing takes time that grows with the square of a run of combining marks, so the length comes first. */
function judgeLine(typed: string, longest: number, normalize: (text: string) => string): Judgement {
  const text = typed.trim()
  if (text.length > longest) return tooLong(longest)
  const value = normalize(text).trim()
  if (value === '') return REQUIRED
  return value.length > longest ? tooLong(longest) : { value }
}

/** An issue of our own schemas: in English for other programs, and with what is worded in the language of the page. */
export interface OwnIssue extends StandardSchemaV1.Issue {
  readonly problem: Problem
}

function issueOf(problem: Problem, name: string): OwnIssue {
  return { message: showProblem(problem, en).error ?? '', path: [name], problem }
}

/** What a schema answers, of the judgements of the form's fields. */
export function judgedForm<Fields extends Readonly<Record<string, Judgement>>>(
  judged: Fields,
): StandardSchemaV1.Result<{ readonly [Name in keyof Fields]: string }> {
  const fields = Object.entries(judged)
  const issues = fields.flatMap(([name, { problem }]) =>
    problem === undefined ? [] : issueOf(problem, name),
  )
  if (issues.length > 0) return { issues }
  const value = Object.fromEntries(fields.map(([name, { value }]) => [name, value]))
  return { value: value as { [Name in keyof Fields]: string } }
}
