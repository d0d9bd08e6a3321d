import { html, type Html } from '../pages/html.js'
import { lastDays } from '../stats/days.js'
import { readGuestCohorts, type GuestCohort } from '../stats/guest-stats.js'
import { NEWEST_PASSES, readScopeStats, type ScopeStats } from '../stats/scope-stats.js'
import { readSuspects, type Suspect } from '../stats/suspects.js'
import type { AdminRequest } from './admin-request.js'
import { section, showAdminPage } from './layout.js'
import { choiceField, filterForm } from './list-page.js'
import { passLink } from './passes/link.js'
import { bar, key, table, type Column } from './table.js'

/** Periods that can be chosen, in days; the second one is shown first. */
const PERIODS = [7, 14, 28, 84]

/** What can become of a guest, in the order of the bars' colours. */
const FATES = ['still', 'converted', 'merged', 'expired', 'deleted'] as const

/** Guests and passes of the last days. */
export async function showOverview(request: AdminRequest): Promise<void> {
  const { settings, req, words, format } = request
  const { Guest, Visitor: Passes } = settings.models
  const period = PERIODS.find((each) => String(each) === req.query['days']) ?? 14
  const days = lastDays(period)
  const [since = new Date()] = days.map(({ begins }) => begins)
  const cohorts = Guest && (await readGuestCohorts(Guest, days))
  const scopes = Passes && (await readScopeStats(Passes, since))
  const suspects = Passes && (await readSuspects(Passes, since))
  const periods = PERIODS.map((each) => [String(each), format.days(each)] as const)
  await showAdminPage(request, {
    title: words.overview.title,
    body: html`
      ${filterForm(request, '/', choiceField('days', words.overview.period, periods, String(period)), words.show)}
      ${cohorts !== undefined && [guestsByDay(request, cohorts), funnel(request, cohorts)]}
      ${scopes !== undefined && passesByScope(request, scopes)}
      ${suspects !== undefined && sharedLinks(request, suspects)}
    `,
  })
}

function guestsByDay(request: AdminRequest, cohorts: readonly GuestCohort[]): Html {
  const { format } = request
  const say = request.words.overview
  const most = Math.max(...cohorts.map(({ made }) => made))
  const fates = FATES.map((fate): Column<GuestCohort> => ({
    heading: say[fate],
    kind: 'number',
    cell: (cohort) => (fate === 'still' ? bounded(request, cohort.still, cohort.isBounded) : cohort[fate]),
  }))
  return section(say.guests, most === 0 ? [] : cohorts.toReversed(), say.noGuests, (rows) => [
    key(FATES.map((fate) => say[fate])),
    table(
      request,
      say.guests,
      [
        { heading: say.day, cell: ({ day }) => format.day(day) },
        {
          heading: say.made,
          kind: 'number',
          cell: ({ made, isBounded }) => bounded(request, made, isBounded),
        },
        {
          heading: say.picture,
          kind: 'picture',
          cell: (cohort) =>
            bar(
              FATES.map((fate) => cohort[fate]),
              most,
            ),
        },
        ...fates,
      ],
      rows,
    ),
  ])
}

/** A count, if counting stopped there: as a text. */
function bounded({ words, format }: AdminRequest, count: number, isBounded: boolean): string | number {
  return isBounded ? words.atLeast(format.count(count)) : count
}

function funnel(request: AdminRequest, cohorts: readonly GuestCohort[]): Html {
  const { words, format } = request
  const say = words.overview
  const sum = (part: (cohort: GuestCohort) => number): number =>
    cohorts.reduce((total, cohort) => total + part(cohort), 0)
  const made = sum((cohort) => cohort.made)
  const isRecorded = cohorts.every(({ cameBack }) => cameBack !== undefined)
  const isBounded = cohorts.some((cohort) => cohort.isBounded)
  const steps = [
    { name: say.made, guests: made, isBounded },
    ...(isRecorded ? [{ name: say.cameBack, guests: sum(({ cameBack }) => cameBack ?? 0), isBounded }] : []),
    { name: say.stayed, guests: sum(({ converted, merged }) => converted + merged), isBounded: false },
  ]
  if (made === 0) return html``
  return html`
    <h2>${say.funnel}</h2>
    ${table(
      request,
      say.funnel,
      [
        { heading: say.step, cell: ({ name }) => name },
        {
          heading: say.count,
          kind: 'number',
          isPlain: true,
          cell: (step) =>
            step.isBounded ? words.atLeast(format.count(step.guests)) : format.count(step.guests),
        },
        {
          heading: say.rate,
          kind: 'number',
          isPlain: true,
          cell: ({ guests }) => (isBounded ? '' : format.percent(guests / made)),
        },
        { heading: say.picture, kind: 'picture', cell: ({ guests }) => bar([guests], made) },
      ],
      steps,
    )}
  `
}

function passesByScope(request: AdminRequest, { scopes, isPartial }: ScopeStats): Html {
  const { words, pageUrl, format } = request
  const say = words.overview
  const most = Math.max(...scopes.map(({ issued }) => issued))
  return section(say.passes, scopes, say.noPasses, (rows) => [
    html`${isPartial && html`<p class="hint">${say.newestOnly(format.count(NEWEST_PASSES))}</p>`}`,
    key([say.redeemed, undefined, undefined, say.notRedeemed]),
    table(
      request,
      say.passes,
      [
        {
          heading: words.scope,
          cell: ({ scope }) => html`<a href="${pageUrl('/passes', { q: scope })}"><bdi>${scope}</bdi></a>`,
        },
        { heading: say.issued, kind: 'number', cell: ({ issued }) => issued },
        { heading: say.redeemed, kind: 'number', cell: ({ redeemed }) => redeemed },
        {
          heading: say.picture,
          kind: 'picture',
          cell: ({ issued, redeemed }) => bar([redeemed, 0, 0, issued - redeemed], most),
        },
      ],
      rows,
    ),
  ])
}

function sharedLinks(request: AdminRequest, suspects: readonly Suspect[]): Html {
  const { words, format } = request
  const say = words.overview
  return section(say.sharing, suspects, say.noSharing, (rows) => [
    html`<p class="hint">${say.sharingHint}</p>`,
    table(
      request,
      say.sharing,
      [
        {
          heading: words.pass,
          cell: ({ pass }) =>
            html`${passLink(request, pass)} <span class="sub"><bdi>${pass.scope}</bdi></span>`,
        },
        { heading: say.sessions, kind: 'number', cell: ({ sharing }) => sharing.sessions },
        { heading: say.addresses, kind: 'number', cell: ({ sharing }) => sharing.addresses },
        { heading: words.lastUsed, kind: 'time', cell: ({ sharing }) => format.time(sharing.lastSeenAt) },
      ],
      rows,
    ),
  ])
}
