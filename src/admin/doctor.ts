import { diagnose } from '../checks/diagnose.js'
import { sequelizeOf } from '../database/columns.js'
import { html } from '../pages/html.js'
import type { AdminRequest } from './admin-request.js'
import { showAdminPage } from './layout.js'
import { tag } from './table.js'

/** What is wrong with the database and the set-up, and how to mend it. */
export async function showDoctor(request: AdminRequest): Promise<void> {
  const say = request.words.doctor
  const { Guest, Visitor, VisitorLog } = request.settings.models
  const model = Guest ?? Visitor ?? VisitorLog
  const findings =
    model === undefined
      ? []
      : await diagnose({
          sequelize: sequelizeOf(model),
          app: request.req.app,
          ...(Guest && { Guest }),
          ...(Visitor && { Visitor }),
        })
  // No operator names the paths to ask for: that is for `passport-ephemeral doctor`.
  const shown = findings.filter(({ code }) => code !== 'NOT_REACHED')
  await showAdminPage(request, {
    title: say.title,
    body: html`
      <p>${say.text}</p>
      ${shown.length === 0 && html`<p class="done">${say.nothing}</p>`}
      ${shown.map(
        ({ severity, code, message, remedy }) => html`
          <h2>${tag(severity, say.severities[severity])} <bdi lang="en" dir="ltr">${message}</bdi></h2>
          <pre lang="en" dir="ltr">${remedy}</pre>
          <p class="hint"><code>${code}</code></p>
        `,
      )}
    `,
  })
}
