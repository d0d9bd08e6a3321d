import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { startPgBouncer } from '../support/pgbouncer.js'

/**
 * `npm run suite:pooler`: the suite with all connections through PgBouncer in transaction mode, which keeps no prepared
 * statements; with `preparedStatements: false`, and without it, where statements are sent again without a name.
 */
const pooler = await startPgBouncer({ poolSize: 8 })
let failed = false
try {
  for (const preparedStatements of ['false', 'true']) {
    console.log(`\npreparedStatements: ${preparedStatements}`)
    const env = {
      ...process.env,
      POOLER_URL: pooler.url(''),
      PREPARED_STATEMENTS: preparedStatements,
    }
    const suite = spawn('npm', ['run', 'suite'], { env, stdio: 'inherit' })
    const [code] = (await once(suite, 'exit')) as [number | null]
    failed ||= code !== 0
  }
} finally {
  await pooler.stop()
}
if (failed) process.exitCode = 1
