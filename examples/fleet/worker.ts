import PgBoss from 'pg-boss'
import { scheduleCleanup } from 'passport-ephemeral/pg-boss'
import { openDatabase } from './database.js'
import { defineModels } from './models.js'
import { readSettings } from './settings.js'
import { onStop } from './stop.js'

/** One worker of several: a free one runs the clean-up once an hour, and takes over the job of one that died. */
const settings = readSettings()
const { cron, batchSize, timeBudget, dutyCycle, expireIn, maintenanceInterval } = settings.cleanup
const sequelize = openDatabase(settings.databaseUrl, settings.name, 60)
const { Guest, Visitor, VisitorLog } = defineModels(sequelize, settings)

const boss = new PgBoss({
  connectionString: settings.databaseUrl,
  application_name: `${settings.name} queue`,
  max: 4,
  maintenanceIntervalSeconds: maintenanceInterval,
})
boss.on('error', (error) => {
  console.error(`pg-boss: ${error.message}`)
})
await boss.start()
const upkeep = await scheduleCleanup(
  boss,
  { Guest, Visitor, VisitorLog },
  { cron, expireIn, retryDelay: 1, pollingInterval: 1, cleanup: { batchSize, timeBudget, dutyCycle } },
)

onStop(async () => {
  await upkeep.stop()
  await boss.stop({ timeout: 5000 })
  await sequelize.close()
})
