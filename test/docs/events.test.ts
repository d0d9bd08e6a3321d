import assert from 'node:assert/strict'
import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { describe, it } from 'node:test'
import { runInNewContext } from 'node:vm'
import ts from 'typescript'
import { ensureVisitor, type GuestEvents, type VisitorEvents } from '../../src/index.js'
import { codeBlocks } from './markdown.js'
import { startApplication, whoIs } from '../support/application.js'

const page = await readFile(join(import.meta.dirname, '../../docs/events.md'), 'utf8')
const recipe = codeBlocks(page).at(-1)?.code ?? ''

const guestEvents: Record<keyof GuestEvents, true> = {
  created: true,
  refused: true,
  converted: true,
  merged: true,
  mergeFailed: true,
  loggedOut: true,
  deleted: true,
  expired: true,
}
const visitorEvents: Record<keyof VisitorEvents, true> = {
  issued: true,
  reissued: true,
  deactivated: true,
  reactivated: true,
  redeemed: true,
  refused: true,
  ended: true,
  selfServiceRequested: true,
  sharingSuspected: true,
  expired: true,
}

describe('docs/events.md', () => {
  it('lists every event', () => {
    const listed = [...page.matchAll(/^\|[^|]*\|/gm)].flatMap(([cell]) =>
      [...cell.matchAll(/`(?<name>\w+)`/g)].map(({ groups }) => groups?.['name']),
    )
    assert.deepEqual(
      listed.toSorted(),
      [...Object.keys(guestEvents), ...Object.keys(visitorEvents)].toSorted(),
    )
  })

  it('has a recipe that logs the events of a guest and a visitor, without a token or a session', async () => {
    const lines: string[] = []
    const logger = { info: (line: object) => lines.push(JSON.stringify(line)) }
    const app = await startApplication({
      routes(host, { passport }) {
        host.get('/play', passport.authenticate('guest'), (req, res) => {
          res.json(whoIs(req))
        })
        host.get('/page', ensureVisitor('page'), (_req, res) => {
          res.json({ ok: true })
        })
      },
    })
    try {
      const { outputText } = ts.transpileModule(recipe, {
        compilerOptions: { target: ts.ScriptTarget.ES2022, module: ts.ModuleKind.ESNext },
      })
      const { Guest, Visitor } = app
      runInNewContext(outputText, { Guest, Visitor, logger })
      await app.browser().get('/play').expect(200)
      const pass = await Visitor.create({ email: 'ginger@example.test', scope: 'page' })
      const link = pass.tokenise('/page')
      await app.browser().get(link).expect(303)
      await pass.deactivate({ actor: 'help desk' })
      await app.browser().get(link).expect(403)
      const events = lines.map((line) => (JSON.parse(line) as { event: string }).event)
      assert.deepEqual(events, [
        'guest.created',
        'visitor.issued',
        'visitor.redeemed',
        'visitor.deactivated',
        'visitor.refused',
        'visitor.refused',
      ])
      const token = new URL(link, 'http://localhost').searchParams.get('vuid') ?? ''
      for (const secret of [token, pass.uuid, 'connect.sid']) assert.ok(!lines.join('').includes(secret))
    } finally {
      await app.close()
    }
  })
})
