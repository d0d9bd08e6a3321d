import type { RequestHandler } from 'express'
import type { Sequelize } from 'sequelize'
import { Outage } from './outages.js'
import type { Redis } from './sessions.js'

/** For monitoring: 200 if this process can serve requests, 503 if a part that it needs is unavailable. */
export function health(sequelize: Sequelize, redis: Redis): RequestHandler {
  return async (_req, res) => {
    const [database, sessions] = await Promise.all([
      isFine(sequelize.query('SELECT 1')),
      isFine(redis.isReady ? redis.ping() : Promise.reject(new Outage('Redis'))),
    ])
    const isUp = database && sessions
    res.status(isUp ? 200 : 503).set('Cache-Control', 'no-store')
    res.json({ status: isUp ? 'up' : 'down', database, sessions })
  }
}

async function isFine(asked: Promise<unknown>): Promise<boolean> {
  return await asked.then(
    () => true,
    () => false,
  )
}
