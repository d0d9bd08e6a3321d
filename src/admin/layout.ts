import { html, type Html } from '../pages/html.js'
import { noticeBody, type PageLink } from '../pages/notice-page.js'
import { showPage } from '../pages/page.js'
import type { AdminRequest, Query } from './admin-request.js'
import { outcomeMark } from './csrf.js'
import type { AdminMessages } from './messages/translation.js'
import { ADMIN_CSS } from './style.js'

/** What one of the pages shows. */
interface AdminPage {
  /** @default 200 */
  readonly status?: number
  readonly title: string
  readonly body: Html
}

/** Answers with a page below the navigation. */
export async function showAdminPage(
  request: AdminRequest,
  { status = 200, title, body }: AdminPage,
): Promise<void> {
  const { req, res, context, words } = request
  const layout = { css: ADMIN_CSS, header: navigation(request) }
  const mark = status === 200 && req.method === 'GET' ? req.query['done'] : undefined
  const hasDone = (outcome: 'sent' | 'yes'): boolean =>
    typeof mark === 'string' && mark === outcomeMark(req, outcome)
  const done = hasDone('sent') ? words.sent : hasDone('yes') && words.done
  const whole = html`
    ${done && html`<p class="done" role="status">${done}</p>`} ${body}
    <p class="hint end">${words.utc}</p>
  `
  await showPage(
    req,
    res,
    { name: 'admin', status, title, context },
    { render: undefined, body: () => whole, layout },
  )
}

/** Leads to a page of ours that tells what was done. */
export function redirectDone(
  { req, res, pageUrl }: AdminRequest,
  path: string,
  query: Query = {},
  outcome: 'sent' | 'yes' = 'yes',
): void {
  res.redirect(303, pageUrl(path, { ...query, done: outcomeMark(req, outcome) }))
}

/** Answers with a page that tells why something was not done. */
export async function showNotice(
  request: AdminRequest,
  status: number,
  notice: keyof AdminMessages['notices'],
  link?: PageLink,
): Promise<void> {
  const { title, text } = request.words.notices[notice]
  await showAdminPage(request, { status, title, body: noticeBody({ text, link }) })
}

/** A form that changes something: its fields and buttons are `body`. */
export function changeForm(request: AdminRequest, action: string, body: Html, classes = ''): Html {
  return html`<form method="post" action="${action}" class="${classes}">${request.tokens()} ${body}</form>`
}

/** A part of a page: what there is, or that there is nothing. */
export function section<Row>(
  heading: string,
  rows: readonly Row[],
  none: string,
  show: (rows: readonly Row[]) => Html | readonly Html[],
): Html {
  return html`<h2>${heading}</h2>
    ${rows.length === 0 ? html`<p>${none}</p>` : show(rows)}`
}

function navigation({ req, settings, pageUrl, access, words }: AdminRequest): Html {
  const { Guest, Visitor, VisitorLog } = settings.models
  const links = [
    ['/', words.overview.title, true],
    ['/passes', words.passes.title, Visitor !== undefined],
    ['/guests', words.guests.title, Guest !== undefined],
    ['/visits', words.visits.title, VisitorLog !== undefined],
    ['/cleanup', words.cleanup.title, true],
    ['/doctor', words.doctor.title, true],
  ] as const
  const isCurrent = (path: string): boolean =>
    path === '/' ? req.path === '/' : `${req.path}/`.startsWith(`${path}/`)
  return html`<div class="menu">
    <nav aria-label="${words.navigation}">
      ${links.map(
        ([path, text, isShown]) =>
          isShown &&
          html`<a href="${pageUrl(path)}" ${isCurrent(path) && html`aria-current="page"`}>${text}</a> `,
      )}
    </nav>
    ${access === 'readOnly' && html`<p class="hint">${words.readOnly}</p>`}
  </div>`
}
