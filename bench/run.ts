import { rm } from 'node:fs/promises'
import { BETTER_AUTH_VERSION, installBetterAuth } from './better-auth.js'
import { compileServers } from './compile.js'
import { createDatabase } from './database.js'
import { writeToDocs } from './docs.js'
import { readFlags } from './flags.js'
import { measure, type Measurement } from './measure.js'
import { PATHS } from './paths.js'
import { save, table } from './report.js'
import { COMPILED } from './server-process.js'

const flags = readFlags()
const paths = PATHS.filter(
  ({ name, isThrottled }) => name.includes(flags.only) && !(isThrottled && flags.store === 'memory'),
)
const betterAuth = paths.some((path) => path.betterAuth) ? await installBetterAuth() : undefined
await compileServers()
const database = await createDatabase()
const measurements: Measurement[] = []
try {
  for (const path of paths) {
    console.error(`measuring: ${path.name}`)
    measurements.push(await measure(path, database, flags, betterAuth))
  }
} finally {
  await database.drop()
  await rm(COMPILED, { recursive: true })
}
await save(measurements, database, flags)
const result = table(measurements)
console.log(result)
if (flags.docs) {
  const { pairs, seconds, connections, store } = flags
  await writeToDocs(
    store,
    result,
    `PostgreSQL ${database.version}, better-auth ${betterAuth === undefined ? 'not' : BETTER_AUTH_VERSION}, ${String(pairs)} pairs of ${String(seconds)} seconds, ${String(connections)} connections`,
  )
}
