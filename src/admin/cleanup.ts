import { cleanup } from '../cleanup/cleanup.js'
import type { CleanupKind, CleanupResult } from '../cleanup/result.js'
import { html, type Html } from '../pages/html.js'
import type { AdminRequest } from './admin-request.js'
import { changeForm, showAdminPage } from './layout.js'
import { countsTable } from './table.js'

/** Seconds for which one request may clean up; then the page tells how far it has come, and offers to go on. */
const STEP = 3

const KINDS = [
  'pendingConversions',
  'guests',
  'visits',
  'passes',
  'outcomes',
] as const satisfies readonly CleanupKind[]

type Counts = Readonly<Record<CleanupKind, number>>

/** A step is short, and waits for a person: rests in it could take all of its time. */
const STEP_OPTIONS = { timeBudget: STEP, dutyCycle: 1 }

/** What is due, once it was asked for by `?count=yes`; nothing is deleted. */
export async function showCleanup(request: AdminRequest): Promise<void> {
  const { req, access, settings, pageUrl } = request
  const say = request.words.cleanup
  const due =
    req.query['count'] === 'yes'
      ? await cleanup(settings.models, { ...settings.cleanup, ...STEP_OPTIONS, dryRun: true })
      : undefined
  await showAdminPage(request, {
    title: say.title,
    body: html`
      <p>${say.text}</p>
      <form method="get" action="${pageUrl('/cleanup')}">
        <input type="hidden" name="count" value="yes" />
        <button class="secondary">${say.count}</button>
      </form>
      ${
        due !== undefined &&
        html`<h2>${say.due}</h2>
          ${countTable(request, say.due, due, due)}
          ${!due.isComplete && html`<p class="hint">${say.countedInPart}</p>`}
          ${isNothingDue(due) && html`<p class="done">${say.complete}</p>`}
          ${
            access === 'full' &&
            !isNothingDue(due) &&
            changeForm(request, pageUrl('/cleanup'), html`<button class="danger">${say.run}</button>`)
          }`
      }
    `,
  })
}

function isNothingDue(due: CleanupResult): boolean {
  return due.isComplete && KINDS.every((kind) => due[kind] === 0)
}

/** Deletes what is due for some seconds, and offers to go on. */
export async function runCleanup(request: AdminRequest): Promise<void> {
  const { settings, origin, pageUrl } = request
  const say = request.words.cleanup
  const before = countsIn(request.form())
  const result = await cleanup(settings.models, { ...settings.cleanup, ...STEP_OPTIONS, ...origin })
  const total = countsOf((kind) => before[kind] + result[kind])
  await showAdminPage(request, {
    title: result.isComplete ? say.finished : say.underWay,
    body: html`
      ${countTable(request, say.deleted, total, result)}
      ${
        result.isComplete
          ? html`<p class="done" role="status">${say.complete}</p>`
          : html`<p>${say.more}</p>
              ${changeForm(
                request,
                pageUrl('/cleanup'),
                html`${KINDS.map((kind) => html`<input type="hidden" name="${kind}" value="${total[kind]}" />`)}
                  <button class="danger">${say.goOn}</button>`,
              )}`
      }
      <p><a href="${pageUrl('/cleanup')}">${say.back}</a></p>
    `,
  })
}

/** What the steps before have deleted, as the form carries it along: for the eye only. */
function countsIn(form: Readonly<Record<string, unknown>>): Counts {
  return countsOf((kind) => {
    const text = form[kind]
    return typeof text === 'string' && /^\d{1,12}$/.test(text) ? Number(text) : 0
  })
}

function countsOf(count: (kind: CleanupKind) => number): Counts {
  return Object.fromEntries(KINDS.map((kind) => [kind, count(kind)])) as Record<CleanupKind, number>
}

function countTable(
  request: AdminRequest,
  caption: string,
  counts: Counts,
  { kept, failed, failureReasons }: CleanupResult,
): Html {
  const say = request.words.cleanup
  const rows = [
    ...KINDS.map((kind) => ({ name: say.kinds[kind], count: counts[kind] })),
    ...(kept > 0 ? [{ name: say.kept, count: kept }] : []),
    ...(failed > 0 ? [{ name: say.failed, count: failed }] : []),
  ]
  return html`${countsTable(request, caption, say.kind, rows)}
  ${failureReasons.map((reason) => html`<pre lang="en" dir="ltr">${reason}</pre>`)}`
}
