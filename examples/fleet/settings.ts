/** The settings of a web process or a worker, from the environment that the fleet sets. */
export interface Settings {
  /** The name of the process in `pg_stat_activity`. */
  readonly name: string
  readonly databaseUrl: string
  readonly redisUrl: string
  /** The port of a web process. */
  readonly port: number
  /** The public address of the fleet; links begin with it. */
  readonly publicUrl: string
  readonly sessionSecret: string
  readonly visitorSecret: string
  /** The guest's `maxAge`, in seconds. */
  readonly guestMaxAge: number
  /** Guests that one address may create in an hour. */
  readonly guestsPerHour: number
  readonly cleanup: CleanupSettings
}

interface CleanupSettings {
  readonly cron: string
  readonly batchSize: number
  /** Seconds. */
  readonly timeBudget: number
  /** The fraction of the time in which a clean-up uses the database. */
  readonly dutyCycle: number
  /** Seconds after which a job counts as lost, because its worker died. */
  readonly expireIn: number
  /** How often lost jobs are looked for, in seconds. */
  readonly maintenanceInterval: number
}

const TWO_WEEKS = 14 * 24 * 60 * 60

export function readSettings(env: NodeJS.ProcessEnv = process.env): Settings {
  return {
    name: required(env, 'NAME'),
    databaseUrl: required(env, 'DATABASE_URL'),
    redisUrl: required(env, 'REDIS_URL'),
    port: Number(env['PORT'] ?? 0),
    publicUrl: required(env, 'PUBLIC_URL'),
    sessionSecret: required(env, 'SESSION_SECRET'),
    visitorSecret: required(env, 'VISITOR_SECRET'),
    guestMaxAge: Number(env['GUEST_MAX_AGE'] ?? TWO_WEEKS),
    guestsPerHour: Number(env['GUESTS_PER_HOUR'] ?? 60),
    cleanup: {
      cron: env['CLEANUP_CRON'] ?? '17 * * * *',
      batchSize: Number(env['CLEANUP_BATCH_SIZE'] ?? 1000),
      timeBudget: Number(env['CLEANUP_TIME_BUDGET'] ?? 300),
      dutyCycle: Number(env['CLEANUP_DUTY_CYCLE'] ?? 0.5),
      expireIn: Number(env['CLEANUP_EXPIRE_IN'] ?? 450),
      maintenanceInterval: Number(env['CLEANUP_MAINTENANCE_INTERVAL'] ?? 60),
    },
  }
}

function required(env: NodeJS.ProcessEnv, name: string): string {
  const value = env[name]
  if (value === undefined || value === '') throw new Error(`Set ${name}`)
  return value
}
