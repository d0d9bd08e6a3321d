import { createServer, type Server, type ServerResponse } from 'node:http'
import { setTimeout as sleep } from 'node:timers/promises'
import { createApp, type AppParts } from './app.js'
import { openDatabase } from './database.js'
import { defineModels } from './models.js'
import { openRedis } from './sessions.js'
import { readSettings } from './settings.js'
import { onStop } from './stop.js'

/** Longer than nginx keeps an idle connection: whoever closes first, the other may be sending a request. */
const KEEP_ALIVE_MS = 65_000
const GIVE_UP_MS = 500

/** One web process of several. It starts whatever is away, answers 503 until that is back, and needs no restart then. */
const settings = readSettings()
const sequelize = openDatabase(settings.databaseUrl, settings.name, 5)
const parts = { sequelize, models: defineModels(sequelize, settings), redis: openRedis(settings.redisUrl) }
const server = createServer(createApp(parts, settings))
server.keepAliveTimeout = KEEP_ALIVE_MS
server.listen(settings.port, '127.0.0.1')
onStop(() => end(server, parts))

/**
 * Has nginx give up its connections by telling it so with an answer on each: one that is closed while nginx sends a request is a request
 * lost. Then takes no more, lets what is under way finish, and writes down what is not written yet.
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
