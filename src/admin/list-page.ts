import { writeCursor, type Cursor, type ListPage } from '../database/page-by-key.js'
import { datalist } from '../pages/form-page.js'
import { html, type Html } from '../pages/html.js'
import type { AdminRequest, Query } from './admin-request.js'
import { showAdminPage } from './layout.js'

const LONGEST_SEARCH = 200

/** One page of a list, and the form that filters it. */
interface ListView<Row> {
  readonly title: string
  readonly path: string
  /** What the list is filtered by; it goes along to the next page. */
  readonly filter: Query
  readonly fields: Html
  /** What stands between the form and the list. */
  readonly above?: Html | false
  readonly found: ListPage<Row>
  readonly show: (rows: readonly Row[]) => Html
  /** What to tell if nothing matches. */
  readonly none: string
}

/** Shows one page of a list, with links to the next one and back to the first. */
export async function showList<Row>(
  request: AdminRequest,
  { title, path, filter, fields, above, found, show, none }: ListView<Row>,
): Promise<void> {
  const { req, words, pageUrl } = request
  const { rows, next, isPartial } = found
  const linkTo = (after: Cursor | undefined, text: string): Html =>
    html`<p><a href="${pageUrl(path, { ...filter, after: after && writeCursor(after) })}">${text}</a></p>`
  await showAdminPage(request, {
    title,
    body: html`
      ${filterForm(request, path, fields)} ${above}
      ${rows.length > 0 ? show(rows) : html`<p>${isPartial ? words.noneYet : none}</p>`}
      ${isPartial && html`<p class="hint">${words.partial}</p>`}
      ${next !== undefined && linkTo(next, words.older)}
      ${req.query['after'] !== undefined && linkTo(undefined, words.newest)}
    `,
  })
}

/** A form whose fields go into the page's own address. */
export function filterForm(
  { words, pageUrl }: AdminRequest,
  path: string,
  fields: Html,
  button = words.search,
): Html {
  return html`<form class="row" method="get" action="${pageUrl(path)}" role="search">
    ${fields} <button>${button}</button>
  </form>`
}

/** The field `q`, for what {@link searchText} reads. */
export function searchField(
  label: string,
  value: string | undefined,
  suggestions: readonly string[] = [],
): Html {
  return html`<div class="grow">
    <label for="q">${label}</label>
    <input
      id="q"
      name="q"
      type="search"
      value="${value}"
      maxlength="${LONGEST_SEARCH}"
      dir="auto"
      ${suggestions.length > 0 && html`list="q-list"`}
    />
    ${datalist('q', suggestions)}
  </div>`
}

/** What was typed to search for, of which the value can be anything; `undefined` if nothing was. */
export function searchText(value: unknown): string | undefined {
  if (typeof value !== 'string') return undefined
  return value.replaceAll('\0', '').trim().slice(0, LONGEST_SEARCH) || undefined
}

/** A choice among values, each with its label. */
export function choiceField(
  name: string,
  label: string,
  choices: readonly (readonly [value: string, label: string])[],
  chosen: string | undefined,
): Html {
  return html`<div>
    <label for="${name}">${label}</label>
    <select id="${name}" name="${name}">
      ${choices.map(
        ([value, text]) =>
          html`<option value="${value}" ${value === chosen && html`selected`}>${text}</option>`,
      )}
    </select>
  </div>`
}
