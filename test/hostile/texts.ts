import { randomBytes } from 'node:crypto'
import type { Random } from './random.js'

/** No page of ours has these: what an answer has of them, unescaped, was reflected. */
export const MARK = 'q7mark'
export const FOREIGN_HOST = 'evil.test'

const MARKUP = [
  `<${MARK}>`,
  `"><${MARK} x="`,
  `'><${MARK} x='`,
  `" ${MARK}="1`,
  `' ${MARK}='1`,
  `</title></style></textarea><${MARK}>`,
  `javascript:${MARK}`,
  `--><${MARK}><!--`,
  `&lt;${MARK}&gt;&#60;${MARK}&#62;`,
  `+ADw-${MARK}+AD4-`,
]
const PLACES = [
  `//${FOREIGN_HOST}`,
  `//${FOREIGN_HOST}/%2e%2e`,
  `https://${FOREIGN_HOST}/`,
  `https:${FOREIGN_HOST}`,
  `\\\\${FOREIGN_HOST}`,
  `/\\${FOREIGN_HOST}`,
  `/\t/${FOREIGN_HOST}`,
  `/%09/${FOREIGN_HOST}`,
  `/%5c${FOREIGN_HOST}`,
  `///${FOREIGN_HOST}`,
  `http://hostile.example@${FOREIGN_HOST}/`,
  `.${FOREIGN_HOST}`,
  `data:text/html,<${MARK}>`,
]
const CONTROLS = [
  '\0',
  'a\0b',
  `\r\n${MARK}: 1`,
  `\n${MARK}: 1\n\n<${MARK}>`,
  `x\r\nSet-Cookie: ${MARK}=1`,
  '\u001b[31m',
  '\u202e\u2066',
  '\u2028',
  '\ufeff',
  '\ud800',
  'a\udc00b',
  '\u0000'.repeat(50),
  '\u007f\u0085',
]
const NAMES = [
  '__proto__',
  'constructor',
  'prototype',
  'toString',
  'hasOwnProperty',
  'then',
  'length',
  'undefined',
  'null',
  'true',
  'false',
  'NaN',
  '[object Object]',
]
const NUMBERS = [
  '0',
  '-0',
  '-1',
  '1.5',
  '1e400',
  '0x10',
  '00',
  '٣',
  '2147483648',
  '-2147483649',
  '9007199254740993',
  '99999999999999999999',
  '99999999999999.1',
  '1.'.repeat(20),
]
const SQL = [
  `' OR 1=1 --`,
  `'; DROP TABLE "Users"; --`,
  `\\' OR 1=1 #`,
  '%',
  '_%',
  '\\',
  '`',
  '$1',
  ':id',
  '?',
  '{"$ne":1}',
]
const PATHS = [
  '..',
  '../../etc/passwd',
  '..%2f..%2f',
  '.',
  '/',
  '*',
  '%',
  '%zz',
  '%00',
  '%c0%af',
  '%ed%a0%80',
  '%u0041',
  '%2525',
]
const ADDRESSES = [
  'a@b',
  '@',
  `"<${MARK}>"@mail.test`,
  `a@mail.test\r\nBcc: b@${FOREIGN_HOST}`,
  `a@mail.test,b@${FOREIGN_HOST}`,
  'ö@mail.test',
  'A@MAIL.TEST',
  ' a@mail.test ',
  'a@[127.0.0.1]',
  'a@mail.test.',
  'a@xn--nxasmq6b.test',
  `${'a'.repeat(250)}@mail.test`,
  'account-1@mail.test',
  'ACCOUNT-2@MAIL.TEST',
]
const DAYS = [
  '2026-02-30',
  '0000-00-00',
  '9999-12-31',
  '1000-01-01',
  '2999-99-99',
  '2026-11-27T00:00',
  '1970-01-01',
]
const SIZES = [65, 101, 151, 256, 1000, 4100, 9000]
const WIDE = ['a', '𝒜', 'e\u0301', 'ﷺ', ' ', '%', '<', '&amp;', '\u0430', '👩‍👩‍👧']

/** A text that no form expects. */
export function hostileText(random: Random): string {
  switch (
    random.weighted({
      empty: 1,
      markup: 9,
      place: 3,
      control: 4,
      name: 2,
      number: 2,
      sql: 2,
      path: 2,
      address: 2,
      day: 1,
      size: 2,
      token: 2,
      noise: 1,
    })
  ) {
    case 'empty':
      return random.pick(['', ' ', '\t', '\u00a0'])
    case 'markup':
      return random.pick(MARKUP)
    case 'place':
      return random.pick(PLACES)
    case 'control':
      return random.pick(CONTROLS)
    case 'name':
      return random.pick(NAMES)
    case 'number':
      return random.pick(NUMBERS)
    case 'sql':
      return random.pick(SQL)
    case 'path':
      return random.pick(PATHS)
    case 'address':
      return random.pick(ADDRESSES)
    case 'day':
      return random.pick(DAYS)
    case 'size':
      return random.pick(WIDE).repeat(random.pick(SIZES))
    case 'token':
      return random.pick([
        random.hex(64),
        random.hex(63),
        '0'.repeat(8),
        `${random.hex(8)}-${random.hex(4)}-4${random.hex(3)}-a${random.hex(3)}-${random.hex(12)}`,
      ])
    case 'noise':
      return String.fromCharCode(...Array.from({ length: 1 + random.below(40) }, () => random.below(0x10000)))
  }
}

export const hostileName = (random: Random): string => random.pick(NAMES)

/** What nothing can guess, for values that no case shares with another. */
export const secretText = (): string => randomBytes(12).toString('base64url')
