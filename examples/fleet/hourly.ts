import { RateLimiterRedis } from 'rate-limiter-flexible'
import type { Redis } from './sessions.js'

/** Limits requests of one address to `points` an hour, counted across all processes. */
export function hourly(redis: Redis, keyPrefix: string, points: number): RateLimiterRedis {
  return new RateLimiterRedis({
    storeClient: redis,
    useRedisPackage: true,
    keyPrefix,
    points,
    duration: 60 * 60,
  })
}
