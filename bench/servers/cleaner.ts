import { cleanup, type CleanupOptions } from 'passport-ephemeral'
import { openModels } from './models.js'

/** `node cleaner.js <database URL> <options as JSON>`: runs a clean-up, and sends the result to its parent. */
export interface Cleaned {
  readonly guests: number
  readonly seconds: number
  /** The process's maximum resident memory after a batch, in bytes. */
  readonly memory: number
}

const [databaseUrl = '', options = '{}'] = process.argv.slice(2)
const { sequelize, Guest } = openModels(databaseUrl)
await sequelize.authenticate()
let memory = 0
const began = performance.now()
const { guests } = await cleanup(
  { Guest },
  {
    ...(JSON.parse(options) as CleanupOptions),
    onProgress() {
      memory = Math.max(memory, process.memoryUsage.rss())
    },
  },
)
const seconds = (performance.now() - began) / 1000
process.send?.({ guests, seconds, memory } satisfies Cleaned)
await sequelize.close()
process.disconnect()
