import { pipeline } from 'node:stream/promises'
import { readPage, type ListPage } from '../../database/page-by-key.js'
import type { VisitorLog } from '../../visitor/visits/visitor-log.js'
import type { AdminRequest } from '../admin-request.js'
import { readVisitFilter, visitsThat, type VisitList } from './filter.js'

/** Visits that are in memory at a time. */
const BATCH = 1000

const COLUMNS: readonly (readonly [string, (visit: VisitorLog) => string | number])[] = [
  ['time', ({ createdAt }) => createdAt.toISOString()],
  ['outcome', ({ outcome }) => outcome],
  ['method', ({ method }) => method],
  ['path', ({ path }) => path],
  ['status', ({ status }) => status],
  ['pass', ({ visitorId }) => visitorId],
  ['name', ({ visitor }) => visitor?.fullName ?? ''],
  ['email', ({ visitor }) => visitor?.email ?? ''],
  ['scope', ({ visitor }) => visitor?.scope ?? ''],
  ['ip', ({ ip }) => ip],
  ['userAgent', ({ userAgent }) => userAgent],
  ['referrer', ({ referrer }) => referrer],
]

/**
 * Sends visits as CSV (RFC 4180), as fast as the client reads it: one batch is in memory, however many visits there are. If the
 * database fails on the way, the connection is cut: a file that is not complete must not look complete.
 */
export async function sendVisits({ req, res }: AdminRequest, Log: typeof VisitorLog): Promise<void> {
  const list = visitsThat(Log, readVisitFilter(Log, req.query))
  const first = await readPage<VisitorLog>({ ...list, limit: BATCH }) // an error is still answered as one
  res.set({
    'Content-Type': 'text/csv; charset=utf-8',
    'Content-Disposition': 'attachment; filename="visits.csv"',
    'X-Content-Type-Options': 'nosniff',
    'Content-Security-Policy': "default-src 'none'; sandbox",
  })
  if (req.method === 'HEAD') {
    res.end()
    return
  }
  try {
    await pipeline(textOf(list, first), res)
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ERR_STREAM_PREMATURE_CLOSE') throw error // else the client has gone
  }
}

async function* textOf(list: VisitList, first: ListPage<VisitorLog>): AsyncGenerator<string> {
  yield `\uFEFF${lineOf(COLUMNS.map(([name]) => name))}` // without the mark, Excel takes UTF-8 for another encoding
  for (let page = first; ; page = await readPage({ ...list, after: page.next, limit: BATCH })) {
    if (page.rows.length > 0)
      yield page.rows.map((visit) => lineOf(COLUMNS.map(([, cell]) => cell(visit)))).join('')
    if (page.next === undefined) return
  }
}

function lineOf(cells: readonly (string | number)[]): string {
  return `${cells.map(cellOf).join(',')}\r\n`
}

/**
 * What a spreadsheet would take for a formula. Where a comma is the decimal sign, it separates cells by `;`, also inside of our
 * quotes, and what follows begins a cell.
 */
const FORMULA = /^(?=[\t\r\n])|(?<=^|[;\r\n])(?=[\s"]*[=+\-@\uFF1D\uFF0B\uFF0D\uFF20])/g

/**
 * A cell in quotes. A formula becomes a text by an apostrophe before it (OWASP, "CSV Injection"): the path and the browser's name
 * are whatever a client has sent.
 */
function cellOf(value: string | number): string {
  if (typeof value === 'number') return String(value)
  return `"${value.replace(FORMULA, "'").replaceAll('"', '""')}"`
}
