import { RateLimiterRedis } from 'rate-limiter-flexible'
import type { Redis } from './sessions.js'

/** So many an hour from one address, counted for all processes together. */
export function hourly(redis: Redis, keyPrefix: string, points: number): RateLimiterRedis {
  return new RateLimiterRedis({
    storeClient: redis,
    useRedisPackage: true,
    keyPrefix,
    points,
    duration: 60 * 60,
  })
}
