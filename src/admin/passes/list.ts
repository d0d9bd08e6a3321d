import type { WhereOptions } from 'sequelize'
import { readCursor, readPage, type ListPage } from '../../database/page-by-key.js'
import { html, type Html } from '../../pages/html.js'
import { judgeEmail, spellingsOf } from '../../pages/typed-text.js'
import { readRecentScopes } from '../../stats/scope-stats.js'
import { inState, matching, ofAddress, PASS_STATES, type PassState } from '../../visitor/pass-conditions.js'
import type { Visitor } from '../../visitor/visitor.js'
import type { AdminRequest } from '../admin-request.js'
import { changeForm } from '../layout.js'
import { choiceField, searchField, searchText, showList } from '../list-page.js'
import { table, tag } from '../table.js'
import { daysField, untilField } from './days.js'
import { nameOf, passLink } from './link.js'

const ORDER = ['id']

/** Passes of one page, which can be changed at once. */
export const PASSES_ON_A_PAGE = 50

/** What a list of passes is asked for; it goes along when some of them are changed. */
interface PassFilter {
  readonly q: string | undefined
  readonly state: PassState | undefined
  readonly after: string | undefined
}

/** The filter in a query or a form, of which each value can be anything. */
export function readFilter(given: Readonly<Record<string, unknown>>): PassFilter {
  return {
    q: searchText(given['q']),
    state: PASS_STATES.find((state) => state === given['state']),
    after: searchText(given['after']),
  }
}

/** Lists the passes that are searched for, the newest first. */
export async function listPasses(request: AdminRequest, Passes: typeof Visitor): Promise<void> {
  const { req, pageUrl, access, words } = request
  const say = words.passes
  const filter = readFilter(req.query)
  const states = PASS_STATES.map((state) => [state, say.states[state]] as const)
  await showList(request, {
    title: say.title,
    path: '/passes',
    filter: { ...filter },
    fields: html`${searchField(say.search, filter.q, await readRecentScopes(Passes))}
    ${choiceField('state', say.state, [['', words.any], ...states], filter.state)}`,
    above: html`
      <p class="hint">${say.text}</p>
      ${
        access === 'full' &&
        html`<p><a class="button secondary" href="${pageUrl('/passes/invite')}">${words.invite.title}</a></p>`
      }
    `,
    found: await findPasses(Passes, filter),
    show: (passes) =>
      access === 'full'
        ? changeableTable(request, Passes, filter, passes)
        : passTable(request, passes, (pass) => passLink(request, pass)),
    none: say.none,
  })
}

/** A whole address is looked up by its index; anything else is looked for among so many passes at a time. */
async function findPasses(
  Passes: typeof Visitor,
  { q, state, after }: PassFilter,
): Promise<ListPage<Visitor>> {
  const list = {
    model: Passes,
    order: ORDER,
    after: readCursor(Passes, ORDER, after),
    limit: PASSES_ON_A_PAGE,
  }
  const states: WhereOptions[] = state === undefined ? [] : [inState(Passes, state)]
  if (q !== undefined && judgeEmail(q).value !== undefined) {
    const found = await readPage<Visitor>({
      ...list,
      where: [ofAddress(Passes, ...spellingsOf(q)), ...states] as never,
    })
    if (found.rows.length > 0 || after !== undefined) return found
  }
  const filters = [...(q === undefined ? [] : [matching(Passes, q)]), ...states]
  return await readPage<Visitor>({ ...list, ...(filters.length > 0 && { filter: filters as never }) })
}

function passTable(request: AdminRequest, passes: readonly Visitor[], person: (pass: Visitor) => Html): Html {
  const { words, format } = request
  const say = words.passes
  return table(
    request,
    say.title,
    [
      {
        heading: words.pass,
        cell: (pass) =>
          html`${person(pass)}
          ${pass.fullName !== '' && html`<span class="sub"><bdi>${pass.email}</bdi></span>`}`,
      },
      { heading: say.state, isPlain: true, cell: (pass) => stateTag(request, pass) },
      { heading: words.scope, kind: 'word', isPlain: true, cell: ({ scope }) => html`<bdi>${scope}</bdi>` },
      { heading: say.uses, kind: 'number', cell: (pass) => usesOf(request, pass) },
      { heading: words.expires, kind: 'time', cell: ({ expiresAt }) => format.time(expiresAt) },
      { heading: words.lastUsed, kind: 'time', cell: ({ lastUsedAt }) => format.time(lastUsedAt, say.never) },
      { heading: say.number, kind: 'number', cell: ({ id }) => String(id) },
    ],
    passes,
  )
}

/** The Enter key presses the first button of a form, here for all passes that are ticked: one that changes nothing. */
const BUTTON_OF_ENTER = html`<button hidden></button>`

/** The table with a box to tick each pass, and what can be done with those that are ticked. */
function changeableTable(
  request: AdminRequest,
  Passes: typeof Visitor,
  filter: PassFilter,
  passes: readonly Visitor[],
): Html {
  const say = request.words.passes
  const button = (action: 'deactivate' | 'extend' | 'reactivate'): Html =>
    html`<button class="secondary" name="action" value="${action}">${say[action]}</button>`
  return changeForm(
    request,
    request.pageUrl('/passes/selected'),
    html`
      ${BUTTON_OF_ENTER}
      ${Object.entries<string | undefined>({ ...filter }).map(
        ([name, value]) =>
          value !== undefined && html`<input type="hidden" name="${name}" value="${value}" />`,
      )}
      ${passTable(
        request,
        passes,
        (pass) =>
          html`<label class="tick"
              ><input type="checkbox" name="id" value="${pass.id}" /><span class="unseen"
                >${say.select(nameOf(pass))}</span
              ></label
            >
            ${untilField(pass)} ${passLink(request, pass)}`,
      )}
      <fieldset>
        <legend>${say.withSelected}</legend>
        <p class="hint">${say.selectedHint}</p>
        <div class="row">
          ${daysField(Passes, 'days', say.days)} ${button('extend')} ${button('reactivate')}
          ${button('deactivate')}
        </div>
      </fieldset>
    `,
  )
}

/** The state of a pass, as a word in its colour. */
export function stateTag({ words }: AdminRequest, pass: Visitor): Html {
  const state: PassState = pass.invalidity() ?? 'open'
  return tag(state, words.passes.states[state])
}

/** How often the link was redeemed, and may be. */
export function usesOf({ words, format: { count } }: AdminRequest, { uses, maxUses }: Visitor): string {
  return maxUses === null ? count(uses) : words.passes.usesOf(count(uses), count(maxUses))
}
