import { readCursor, readPage } from '../../database/page-by-key.js'
import { html, type Html } from '../../pages/html.js'
import type { VisitorLog } from '../../visitor/visits/visitor-log.js'
import type { AdminRequest } from '../admin-request.js'
import { choiceField, showList } from '../list-page.js'
import { passLink } from '../passes/link.js'
import { table, tag, type Column } from '../table.js'
import { readVisitFilter, VISIT_ORDER, visitsThat, type VisitFilter } from './filter.js'

const VISITS_ON_A_PAGE = 100

/** Lists visits, the newest first. */
export async function listVisits(request: AdminRequest, Log: typeof VisitorLog): Promise<void> {
  const { req, pageUrl, words } = request
  const say = words.visits
  const filter = readVisitFilter(Log, req.query)
  await showList(request, {
    title: say.title,
    path: '/visits',
    filter: { ...filter },
    fields: filterFields(request, filter),
    above: html`<p><a href="${pageUrl('/visits.csv', { ...filter })}">${say.csv}</a></p>`,
    found: await readPage<VisitorLog>({
      ...visitsThat(Log, filter),
      after: readCursor(Log, VISIT_ORDER, req.query['after']),
      limit: VISITS_ON_A_PAGE,
    }),
    show: (visits) =>
      visitTable(request, visits, [
        {
          heading: words.pass,
          isPlain: true,
          cell: ({ visitorId, visitor }) => passLink(request, visitor ?? { id: visitorId }),
        },
      ]),
    none: say.none,
  })
}

/** Visits as a table. */
export function visitTable(
  request: AdminRequest,
  visits: readonly VisitorLog[],
  more: readonly Column<VisitorLog>[] = [],
): Html {
  const say = request.words.visits
  return table(
    request,
    say.title,
    [
      { heading: say.when, kind: 'time', cell: ({ createdAt }) => request.format.time(createdAt) },
      { heading: say.outcome, isPlain: true, cell: ({ outcome }) => tag(outcome, say.outcomes[outcome]) },
      ...more,
      {
        heading: say.request,
        kind: 'wide',
        isPlain: true,
        cell: ({ method, path, status }) => html`<bdi dir="ltr">${method} ${path} → ${status}</bdi>`,
      },
      { heading: say.ip, kind: 'word', cell: ({ ip }) => html`<bdi>${ip}</bdi>` },
      {
        heading: say.browser,
        kind: 'wide',
        cell: ({ userAgent }) => html`<span class="sub"><bdi>${userAgent}</bdi></span>`,
      },
    ],
    visits,
  )
}

function filterFields({ words }: AdminRequest, { outcome, pass, from, to }: VisitFilter): Html {
  const say = words.visits
  const field = (name: string, label: string, type: string, value: string | number | undefined): Html =>
    html`<div>
      <label for="${name}">${label}</label>
      <input id="${name}" name="${name}" type="${type}" value="${value}" />
    </div>`
  return html`
    ${choiceField('outcome', say.outcome, [['', words.any], ...Object.entries(say.outcomes)], outcome)}
    ${field('from', say.from, 'date', from)} ${field('to', say.to, 'date', to)}
    ${field('pass', say.passNumber, 'number', pass)}
  `
}
