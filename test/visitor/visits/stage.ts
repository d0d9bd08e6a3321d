import type { Application } from 'express'
import type { Agent } from 'supertest'
import { ensureVisitor, SCOPE_ANY, type Visitor, type VisitorLog } from '../../../src/index.js'
import { startApplication, type TestApp, type TestAppOptions } from '../../support/application.js'

/** An application whose every page under `/page` is for visitors, and logged. */
export async function servePages(options: TestAppOptions = {}): Promise<TestApp> {
  return await startApplication({
    ...options,
    routes(host: Application) {
      host.use('/page/twice', ensureVisitor(SCOPE_ANY), ensureVisitor('other'))
      host.use('/page', ensureVisitor(SCOPE_ANY), (_req, res) => {
        res.json({ ok: true })
      })
      host.get('/scoped', ensureVisitor('other'), (_req, res) => {
        res.json({ ok: true })
      })
    },
  })
}

/** Serves the pages for one test. */
export async function withPages(
  options: TestAppOptions,
  test: (app: TestApp) => Promise<void>,
): Promise<void> {
  const app = await servePages(options)
  try {
    await test(app)
  } finally {
    await app.close()
  }
}

export async function invite(app: TestApp, values: object = {}): Promise<Visitor> {
  return await app.Visitor.create({ email: 'ginger@example.test', scope: 'page', ...values })
}

/** A browser that has redeemed a pass, and visited no page yet. */
export async function enter(app: TestApp, pass: Visitor): Promise<Agent> {
  const browser = app.browser()
  await browser.get(pass.tokenise('/who')).expect(303)
  return browser
}

/** What has been written, in the order of writing. */
export async function written(app: TestApp): Promise<VisitorLog[]> {
  return await app.VisitorLog.findAll({ order: ['id'] })
}

/** The same, once everything is. */
export async function flushed(app: TestApp): Promise<VisitorLog[]> {
  await app.VisitorLog.flush()
  return await written(app)
}

export async function paths(rows: Promise<VisitorLog[]>): Promise<string[]> {
  return (await rows).map(({ path }) => path)
}

/** The INSERTs into the log since the last call. */
export function insertsOf(app: TestApp): string[] {
  return app.database
    .takeStatements()
    .filter((sql) => sql.includes('INSERT INTO') && sql.includes('VisitorLogs'))
}

/** Takes the log's table away from the application, and gives back how to bring it back. */
export async function takeTableAway(app: TestApp): Promise<() => Promise<void>> {
  const queryInterface = app.sequelize.getQueryInterface()
  await queryInterface.renameTable('VisitorLogs', 'away')
  return async () => {
    await queryInterface.renameTable('away', 'VisitorLogs')
  }
}
