import type { FormRequest } from '../../pages/flow-declaration.js'
import type { Problem } from '../../pages/problem.js'
import type { CheckPassword } from './options.js'
import { SHORTEST_PASSWORD, type ConvertValues } from './schema.js'

/** Asks what is wrong with the password of a valid form: first here, then the application. `undefined`: nothing. */
export async function problemOfPassword(
  checkPassword: CheckPassword | undefined,
  { req, context }: Pick<FormRequest<unknown>, 'req' | 'context'>,
  { username, email, password }: ConvertValues,
): Promise<Problem | undefined> {
  if (typeof password !== 'string') return undefined
  // The types of a schema are not checked when it runs.
  const known = [username, email, context.brand?.name].filter((text) => typeof text === 'string')
  if (isGuessable(password, known)) return { code: 'guessable' }
  if (checkPassword === undefined) return undefined
  const answer: unknown = await checkPassword(password, { username, email, req })
  if (answer === true) return undefined
  return typeof answer === 'string' && answer !== '' ? { text: answer } : { code: 'guessable' }
}

/** Words of which the most common passwords are made, in small letters and without accents. */
const COMMON_WORDS =
  `password passwort passw0rd parola senha contrasena motdepasse heslo haslo wachtwoord iloveyou ichliebedich teamo tequiero jetaime
  welcome willkommen bienvenue changeme letmein trustno1 admin administrator default secret geheim access login master
  qwerty azerty qwertz asdf zxcv qazwsx 1qaz2wsx q1w2e3r4 1q2w3e4r zaq12wsx abc123 a1b2c3d4 p4ssword pass word test love baby angel
  sunshine princess football baseball basketball soccer hockey dragon monkey shadow michael jennifer jessica jordan
  ashley nicole daniel charlie thomas hunter ranger buster george andrew robert joshua matthew anthony william
  alexander samantha michelle amanda melissa elizabeth victoria christian benjamin martin richard patrick
  superman batman spiderman starwars pokemon naruto minecraft computer internet samsung google facebook
  liverpool chelsea arsenal barcelona juventus steelers cowboys yankees lakers eagles patriots marlboro corvette
  mustang ferrari porsche mercedes yamaha harley chocolate cookie cheese banana orange summer winter spring autumn
  diamond silver golden purple yellow flower butterfly rainbow freedom forever whatever nothing family friend
  bonjour soleil hallo schatz sonne fussball killer metallica slipknot blink182 maverick phoenix scorpion blessed jesus christ
  tigger snoopy garfield mickey pepper ginger maggie bailey startrek matrix lovely hello`.split(/\s+/)

/** Rows of keys, alphabets and digits; each is also typed from right to left. */
const ROWS = [
  '01234567890',
  'abcdefghijklmnopqrstuvwxyz',
  'qwertyuiop',
  'qwertzuiop',
  'azertyuiop',
  'asdfghjkl',
  'qsdfghjklm',
  'zxcvbnm',
  'yxcvbnm',
  '1q2w3e4r5t6y7u8i9o0p',
  '1qaz2wsx3edc4rfv5tgb6yhn7ujm',
  'qazwsxedcrfvtgbyhnujm',
]
const RUNS = ROWS.flatMap((row) => [row, Array.from(row).reverse().join('')]).join(' ')
const SHORTEST_RUN = 4

/** A day of the last or this century, as digits alone. */
const DATE = /(?:19|20)\d\d(?:0\d|1[0-2])[0-3]\d|[0-3]\d[0-3]\d(?:19|20)\d\d/g
const REPEATED = /^(.+?)\1+$|(.)\2{3,}|(.{2,8})\3{2,}/gu

/** Characters that are typed in place of a letter. */
const LETTER_FOR: Readonly<Record<string, string>> = {
  '0': 'o',
  '1': 'i',
  '3': 'e',
  '4': 'a',
  '5': 's',
  '7': 't',
  '@': 'a',
  $: 's',
  '!': 'i',
}

/** What a person who guesses looks at first. Longer passwords of an application's own schema are not made weaker by the rest. */
const LOOKED_AT = 128

/**
 * Whether a password is one that is tried first: a common word, a run of keys, a repetition, a date, or what is known of the
 * account, with little else. What is left without these must be a password by itself (ASVS 5.0, 6.2.4 and 6.2.11).
 * A password that has none of these is never refused, whatever its characters are (6.2.5).
 *
 * @param known texts of the account and the application: username, address, name
 */
function isGuessable(password: string, known: readonly string[]): boolean {
  const typed = plain(password.slice(0, LOOKED_AT))
  const words = [...known.flatMap(partsOf), ...COMMON_WORDS]
  const spelt = typed.replace(/[013457@$!]/g, (char) => LETTER_FOR[char] ?? char)
  const rests = [typed, spelt].map((text) => {
    const rest = withoutWords(withoutRuns(text), words)
    return rest.length === text.length ? withoutWords(text, words) : rest
  })
  return rests.some((rest) => rest.length < typed.length && rest.length < SHORTEST_PASSWORD)
}

/** One spelling for comparisons: small letters without accents. The password itself is hashed as it was typed. */
function plain(text: string): string {
  return text.normalize('NFKD').replace(/\p{M}/gu, '').toLowerCase()
}

/** A text and its words: of an address the name and the host, too. Short ones are in many good passwords by chance. */
function partsOf(text: string): string[] {
  const whole = plain(text.slice(0, LOOKED_AT)).trim()
  return [...new Set([whole, whole.replace(/\s+/g, ''), ...whole.split(/[^\p{L}\p{N}]+/u)])]
    .filter((part) => part.length >= 4)
    .sort((a, b) => b.length - a.length)
}

function withoutWords(text: string, words: readonly string[]): string {
  return words.reduce((rest, word) => rest.replaceAll(word, ''), text)
}

function withoutRuns(text: string): string {
  let rest = ''
  for (let at = 0; at < text.length;) {
    let end = at + 1
    while (end < text.length && RUNS.includes(text.slice(at, end + 1))) end++
    if (end - at < SHORTEST_RUN) end = at + 1
    rest += text.charAt(at)
    at = end
  }
  return rest.replace(DATE, '').replace(REPEATED, '$1$2$3')
}
