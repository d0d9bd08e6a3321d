import { createServer, type Server, type ServerResponse } from 'node:http'
import { setTimeout as sleep } from 'node:timers/promises'
import { createApp, type AppParts } from './app.js'
import { openDatabase } from './database.js'
import { defineModels } from './models.js'
import { openRedis } from './sessions.js'
import { readSettings } from './settings.js'
import { onStop } from './stop.js'

/**
 * Longer than nginx keeps an idle connection, because nginx must close it first: otherwise it could send a request on a
 * closed one.
 */
const KEEP_ALIVE_MS = 65_000
const GIVE_UP_MS = 500

/**
 * One web process of several. It starts even during an outage, responds with 503 until the outage ends, and needs no
 * restart.
 */
const settings = readSettings()
const sequelize = openDatabase(settings.databaseUrl, settings.name, 5)
const parts = { sequelize, models: defineModels(sequelize, settings), redis: openRedis(settings.redisUrl) }
const server = createServer(createApp(parts, settings))
server.keepAliveTimeout = KEEP_ALIVE_MS
server.listen(settings.port, '127.0.0.1')
onStop(() => end(server, parts))

/**
 * First closes nginx's connections by `Connection: close` in a response on each: closing one while nginx sends a
 * request would lose the request. Then accepts no more, lets running requests finish, and writes the remaining visits.
 */
async function end(server: Server, { sequelize, models, redis }: AppParts): Promise<void> {
  server.prependListener('request', (_req, res: ServerResponse) => {
    res.setHeader('Connection', 'close')
  })
  await sleep(GIVE_UP_MS)
  await new Promise((resolve) => server.close(resolve))
  await models.VisitorLog.flush()
  await sequelize.close()
  if (redis.isReady) await redis.close()
  else redis.destroy()
}
