import { html, type Html } from '../pages/html.js'
import type { AdminRequest } from './admin-request.js'
import type { Format } from './format.js'

/** A column of a table. */
export interface Column<Row> {
  readonly heading: string
  /** A number is a count, which is written in the reader's language. */
  readonly cell: (row: Row) => Html | string | number
  /** How it is laid out; the first column heads its row. @default as a text */
  readonly kind?: 'number' | 'picture' | 'time' | 'wide' | 'word' | undefined
  /** Whether the label is left out where a narrow screen shows the row as a card. @default it is shown */
  readonly isPlain?: boolean | undefined
}

/**
 * A table with a caption for screen readers. On a narrow screen each row is a card, and each cell has its heading before it; the
 * roles are named because browsers drop those of a table that is laid out in another way. A count of 0 is left out there.
 */
export function table<Row>(
  { format }: AdminRequest,
  caption: string,
  columns: readonly Column<Row>[],
  rows: readonly Row[],
): Html {
  return html`<table role="table">
    <caption>
      ${caption}
    </caption>
    <thead role="rowgroup">
      <tr role="row">
        ${columns.map(
          ({ heading, kind }) => html`<th role="columnheader" scope="col" class="${kind}">${heading}</th>`,
        )}
      </tr>
    </thead>
    <tbody role="rowgroup">
      ${rows.map(
        (row) =>
          html`<tr role="row">
            ${columns.map((column, place) => cellOf(format, column, row, place === 0))}
          </tr>`,
      )}
    </tbody>
  </table>`
}

function cellOf<Row>(
  { count }: Format,
  { heading, cell, kind, isPlain }: Column<Row>,
  row: Row,
  headsRow: boolean,
): Html {
  const content = cell(row)
  const shown = typeof content === 'number' ? count(content) : content
  if (headsRow) return html`<th role="rowheader" scope="row" class="${kind}">${shown}</th>`
  const classes = [kind, content === 0 && 'none'].filter((name) => typeof name === 'string').join(' ')
  const label = isPlain !== true && kind !== 'picture' && html`data-label="${heading}"`
  return html`<td role="cell" class="${classes}" ${label}>${shown}</td>`
}

/** How many there are of each. */
export function countsTable(
  request: AdminRequest,
  caption: string,
  heading: string,
  rows: readonly { readonly name: string; readonly count: number }[],
): Html {
  const counts = table(
    request,
    caption,
    [
      { heading, cell: ({ name }) => name },
      {
        heading: request.words.rows,
        kind: 'number',
        isPlain: true,
        cell: ({ count }) => request.format.count(count),
      },
    ],
    rows,
  )
  return html`<div class="counts">${counts}</div>`
}

/** A word that stands out, such as a state. */
export function tag(name: string, text: string): Html {
  return html`<span class="tag ${name}">${text}</span>`
}

/** A bar of several parts, to the scale of `longest`. Decoration: the counts stand beside it. */
export function bar(parts: readonly number[], longest: number): Html {
  let start = 0
  const rects = parts.map((part, place) => {
    const width = longest === 0 ? 0 : (part / longest) * 100
    const rect = html`<rect class="part-${place + 1}" x="${start}" width="${width}" height="1" />`
    start += width
    return part > 0 && rect
  })
  return html`<svg class="bar" viewBox="0 0 100 1" preserveAspectRatio="none" aria-hidden="true">
    ${rects}
  </svg>`
}

/** What the colours of bars mean, in the order of their parts; a part that is never there has no label. */
export function key(labels: readonly (string | undefined)[]): Html {
  return html`<ul class="key">
    ${labels.map(
      (label, place) =>
        label !== undefined &&
        html`<li>
          <svg viewBox="0 0 1 1" aria-hidden="true">
            <rect class="part-${place + 1}" width="1" height="1" />
          </svg>
          ${label}
        </li>`,
    )}
  </ul>`
}

/** What is known of one thing: each fact with its name. */
export function descriptionList(
  facts: readonly (readonly [name: string, value: Html | string] | false)[],
): Html {
  return html`<dl>
    ${facts.map(
      (fact) =>
        fact &&
        html`<dt>${fact[0]}</dt>
          <dd>${fact[1]}</dd>`,
    )}
  </dl>`
}
