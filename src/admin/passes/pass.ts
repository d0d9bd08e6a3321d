import { readPage, parseKey } from '../../database/page-by-key.js'
import { html, isolate, textHtml, type Html } from '../../pages/html.js'
import type { Visitor } from '../../visitor/visitor.js'
import type { VisitorLog } from '../../visitor/visits/visitor-log.js'
import type { AdminRequest } from '../admin-request.js'
import { changeForm, section, showAdminPage, showNotice } from '../layout.js'
import { descriptionList } from '../table.js'
import { VISIT_ORDER } from '../visits/filter.js'
import { visitTable } from '../visits/list.js'
import { daysField, untilField } from './days.js'
import { replacesField } from './fresh-link.js'
import { linkButtons, nameOf, passUrl } from './link.js'
import { stateTag, usesOf } from './list.js'

const VISITS_SHOWN = 20

/** The pass that the address names; `undefined` if there is none, and the request was answered. */
export async function requirePass(
  request: AdminRequest,
  Passes: typeof Visitor,
): Promise<Visitor | undefined> {
  const id = parseKey(Passes, 'id', request.req.params['id'])
  const pass = id === undefined ? null : await Passes.unscoped().findByPk(id, { useMaster: true })
  if (pass !== null) return pass
  await showNotice(request, 404, 'notFound')
  return undefined
}

/** One pass, how its link was used, and what can be done about it. */
export async function showPass(request: AdminRequest, Passes: typeof Visitor): Promise<void> {
  const pass = await requirePass(request, Passes)
  if (pass === undefined) return
  const { VisitorLog: Log } = request.settings.models
  await showAdminPage(request, {
    title: nameOf(pass),
    body: html`
      ${details(request, pass)} ${request.access === 'full' && actions(request, Passes, pass)}
      ${Log !== undefined && (await visitsOf(request, Log, pass))}
    `,
  })
}

function details(request: AdminRequest, pass: Visitor): Html {
  const { words, format, context } = request
  const say = words.passes
  return descriptionList([
    [say.number, String(pass.id)],
    [say.state, stateTag(request, pass)],
    [context.words.fields.email, html`<bdi>${pass.email}</bdi>`],
    [words.scope, html`<bdi>${pass.scope}</bdi>`],
    [say.issued, format.time(pass.createdAt)],
    [words.expires, format.time(pass.expiresAt)],
    [say.uses, usesOf(request, pass)],
    [words.lastUsed, format.time(pass.lastUsedAt, say.never)],
    pass.reissuedAt !== null && [say.reissued, format.time(pass.reissuedAt)],
    pass.selfService && [say.origin, say.selfService],
  ])
}

function actions(request: AdminRequest, Passes: typeof Visitor, pass: Visitor): Html {
  const { isActive } = pass
  const say = request.words.passes
  const { days } = request.words
  const form = (action: string, id: string, button: Html, label = days): Html =>
    changeForm(
      request,
      passUrl(request, pass, `/${action}`),
      html`${daysField(Passes, id, label)} ${button}`,
      'row',
    )
  const freshLinkButtons = linkButtons(
    request,
    textHtml(say.sendFreshLink(isolate(pass.email))),
    say.makeFreshLink,
  )
  const prolong = isActive ? 'extend' : 'reactivate'
  return html`
    <h2>${say.freshLink}</h2>
    <p>${say.freshLinkHint}${!isActive && html` <strong>${say.freshLinkOpens}</strong>`}</p>
    ${form('reissue', 'fresh-days', html`${replacesField(pass)} ${freshLinkButtons}`)}
    <h2>${isActive ? say.closeOrExtend : say.reopen}</h2>
    <p>${isActive ? say.closeHint : say.reopenHint}</p>
    <div class="row">
      ${
        isActive &&
        changeForm(
          request,
          passUrl(request, pass, '/deactivate'),
          html`<button class="danger">${say.deactivate}</button>`,
        )
      }
      ${form(
        prolong,
        'days',
        html`${isActive && untilField(pass)} <button class="secondary">${say[prolong]}</button>`,
        isActive ? say.moreDays : days,
      )}
    </div>
  `
}

async function visitsOf(request: AdminRequest, Log: typeof VisitorLog, pass: Visitor): Promise<Html> {
  const { words, pageUrl, format } = request
  const say = words.passes
  const { rows, next } = await readPage<VisitorLog>({
    model: Log,
    order: VISIT_ORDER,
    where: { visitorId: pass.id },
    limit: VISITS_SHOWN,
  })
  const { sessions, addresses } = await pass.sharing()
  const sharing = say.sharing(format.count(sessions), format.count(addresses))
  return html`
    ${section(words.visits.title, rows, say.noVisits, (visits) => [
      html`<p class="hint">${sharing}</p>`,
      visitTable(request, visits),
    ])}
    ${next !== undefined && html`<p><a href="${pageUrl('/visits', { pass: pass.id })}">${say.allVisits}</a></p>`}
  `
}
