import { BASE_URL, EVENTS, HOST, KNOWN_FAILURE, WHO } from './agreement.js'
import { headerOf, headersOf, type Answer } from './connection.js'
import type { Shot } from './shot.js'
import { FOREIGN_HOST, MARK } from './texts.js'

/** A request with an answer to it, and what belongs to the person who sent it. */
export interface Exchange {
  readonly shot: Shot
  readonly answer: Answer
  /** Texts that only this person's pages may have. */
  readonly personal: readonly string[]
}

/** Returns what is wrong with an answer; `undefined`: nothing. */
type Judge = (exchange: Exchange) => string | undefined

/** What must hold for every answer. */
const judges: Readonly<Record<string, Judge>> = {
  'no answer is a failure of the server': ({ answer }) =>
    answer.status < 500 || headerOf(answer, KNOWN_FAILURE) !== undefined
      ? undefined
      : `${String(answer.status)} ${answer.body}`,

  'no markup is reflected'({ answer }) {
    const type = headerOf(answer, 'content-type') ?? 'html'
    if (!/html|xml|svg/i.test(type)) return undefined
    // Without it, an old browser could take what is escaped for markup in UTF-7.
    if (answer.body.includes(MARK) && !/charset=utf-8/i.test(type)) return type
    return REFLECTED.exec(answer.body)?.[0]
  },

  'no header is reflected'({ answer: { headers } }) {
    const header = headers.find(
      ([name, value]) => name.toLowerCase() === MARK || value.startsWith(`${MARK}=`),
    )
    return header?.join(': ')
  },

  'no redirect, link or form leads to another host'({ answer }) {
    const places = headersOf(answer, 'location').concat(
      [...answer.body.matchAll(/\s(?:href|action|src)="([^"]*)"/g)].map(([, place = '']) =>
        place.replaceAll('&amp;', '&'),
      ),
    )
    return places.find((place) => !URL.canParse(place, BASE_URL) || new URL(place, BASE_URL).host !== HOST)
  },

  'no shared cache may keep a cookie or what is personal'({ shot, answer, personal }) {
    const policy = headerOf(answer, 'cache-control') ?? ''
    const isKept = !/\b(?:private|no-store)\b/.test(policy) || /\b(?:public|s-maxage)\b/.test(policy)
    if (!isKept) return undefined
    const [cookie] = headersOf(answer, 'set-cookie')
    const isOurs =
      ['GET', 'HEAD'].includes(shot.method) &&
      answer.status === 200 &&
      /guest|user|visitor/.test(headerOf(answer, WHO) ?? '') &&
      policy !== HOME_POLICY
    return (
      cookie ??
      personal.find((text) => answer.body.includes(text)) ??
      (isOurs ? `${policy} for ${String(headerOf(answer, WHO))}` : undefined)
    )
  },

  'a foreign site changes nothing'({ shot, answer }) {
    if (!isForeign(shot)) return undefined
    const [path = ''] = shot.path.split('?', 1)
    if (path.includes('/login') || shot.spoil !== undefined) return undefined // the application's own
    const event = headerOf(answer, EVENTS)
    if (event !== undefined && event !== '') return event
    return headersOf(answer, 'set-cookie').find((cookie) => cookie.startsWith('connect.sid='))
  },

  'who was created is who is answered'({ answer }) {
    const events = headerOf(answer, EVENTS) ?? ''
    return events.includes('created') && !(headerOf(answer, WHO) ?? '').includes('guest:')
      ? events
      : undefined
  },
}

const HOME_POLICY = 'public, max-age=60'

const REFLECTED = new RegExp(
  `<${MARK}[^]{0,40}|["']\\s*${MARK}=|(?:href|action|src)="?\\s*javascript:[^]{0,40}`,
)

/** What is wrong with an answer, by the names of the judges. */
export function judge(exchange: Exchange): readonly (readonly [name: string, what: string])[] {
  return Object.entries(judges).flatMap(([name, verdict]) => {
    const what = verdict(exchange)
    return what === undefined ? [] : [[name, what] as const]
  })
}

/** Whether the headers show that a foreign site had the browser send this, other than by a link that was followed. */
function isForeign({ headers, method }: Shot): boolean {
  const value = (name: string): string[] => headers.filter(([each]) => each === name).map(([, text]) => text)
  const [site] = value('Sec-Fetch-Site')
  if (value('Origin').includes(BASE_URL)) return false // no browser sends both
  if (site !== undefined) {
    const isFollowed =
      method === 'GET' &&
      value('Sec-Fetch-Mode').includes('navigate') &&
      value('Sec-Fetch-Dest').includes('document')
    return site === 'cross-site' && !isFollowed
  }
  return value('Origin').some((origin) => origin.includes(FOREIGN_HOST))
}
